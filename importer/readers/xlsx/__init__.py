"""XLSX and XLSM files → ``SourceTable``."""
