"""The result workbook, a module a sheet."""
