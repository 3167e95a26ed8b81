"""Reporting: the result workbook, the JSON summary and the summary for the terminal.

Everything here reads a ``Report`` or ``RunSummary`` and changes nothing. Only ``workbook`` (and the
sheets it is made of) needs XlsxWriter; import it where it is used.
"""
