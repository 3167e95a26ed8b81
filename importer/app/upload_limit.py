"""How large a file may be that is dropped on the page: as large as one that is named."""

from __future__ import annotations

from importer.readers.file_limits import limits


def most_upload_bytes() -> int:
    return limits().file_mb * 1_000_000
