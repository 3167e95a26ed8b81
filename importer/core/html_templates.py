"""Templates of HTML: every text is escaped, and its control characters are written out."""

from __future__ import annotations

import jinja2

from importer.core.safe_text import visible


def html_environment(package: str) -> jinja2.Environment:
    """The templates in the folder ``html`` of a package; an unknown name is an error."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package, "html"),
        autoescape=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
