"""CSV files → ``SourceTable``."""
