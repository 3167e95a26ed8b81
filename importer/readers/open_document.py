"""What an OpenDocument zip is, by its ``mimetype``, its manifest or its content."""

from __future__ import annotations

import re

from importer.readers.package import Package
from importer.readers.zip_guard import Part

_TYPE = re.compile(rb"application/vnd\.oasis\.opendocument\.([a-z]{1,20})")
_NAMESPACE = b"urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_BODY = re.compile(
    rb"<(?:[\w.-]{1,99}:)?body\s*>(?:\s|<!--[^<>]{0,999}-->)*"
    rb"<(?:[\w.-]{1,99}:)?(spreadsheet|text|presentation|drawing)[\s/>]"
)
_LONGEST_BODY_TAG = 1024


def open_document_kind(package: Package) -> str:
    """ "spreadsheet", "text", "presentation" and so on; "" where it is no OpenDocument."""
    for name in ("mimetype", "META-INF/manifest.xml"):
        if (stored := package.find(name)) and (match := _TYPE.search(package.read(stored))):
            return match[1].decode()
    return _kind_by_content(package)


def is_encrypted(package: Package) -> bool:
    """Whether a password is needed; the manifest says so."""
    manifest = package.find("META-INF/manifest.xml")
    return manifest is not None and b"encryption-data" in package.read(manifest)


def _kind_by_content(package: Package) -> str:
    stored = package.find("content.xml")
    if stored is None:
        return ""
    content, rest = Part(package.archive, stored), b""
    while chunk := content.read(1 << 20):
        rest += chunk
        if match := _BODY.search(rest):
            return match[1].decode()
        if len(rest) <= 1 << 20 and _NAMESPACE not in rest[:16_384]:
            return ""
        rest = rest[-_LONGEST_BODY_TAG:]
    return ""
