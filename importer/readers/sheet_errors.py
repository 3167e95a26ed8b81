"""Errors that concern one sheet of a workbook and leave the others readable."""

from __future__ import annotations

import struct
import zipfile
import zlib
from xml.etree import ElementTree
from xml.parsers import expat

from importer.readers.grid import Grid

SHEET_ERRORS = (
    ElementTree.ParseError,
    expat.ExpatError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    LookupError,
    ValueError,
)
"""Of a damaged sheet. ``TooLargeError`` and ``DamagedError`` are not of these: what is too large,
or made to mislead, concerns the whole file."""

ReadSheet = tuple[str, bool, Grid | Exception]
"""(name, hidden, its cells or why they cannot be read)"""
