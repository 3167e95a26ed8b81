"""A result workbook as input: provenance, changes by the person, trust."""
