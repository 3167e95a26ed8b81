"""Whether reading a list of Light page by page comes to an end."""

from __future__ import annotations

from collections.abc import Collection

from importer.core.errors import WireProblem

FIRST = "0"  # the cursor that starts paging
_MOST_PAGES = 10_000  # two million records
_MOST_STALE_PAGES = 20  # pages in a row without a new record


class PageGuard:
    """Watches the pages of one list."""

    def __init__(self, cursor: str) -> None:
        """``cursor``: that of the first page."""
        self._cursors = {cursor}
        self._identities: set[str] = set()
        self._stale = 0

    def check(self, path: str, cursor: str, identities: Collection[str] | None) -> None:
        """Call after each page that has a next one, at ``cursor``. ``identities``: of its records;
        None where records were left out of it.

        Raises WireProblem where a cursor comes again, or pages bring nothing new.
        """
        if identities is not None:
            before = len(self._identities)
            self._identities.update(identities)
            self._stale = 0 if len(self._identities) > before else self._stale + 1
        repeated = cursor in self._cursors
        self._cursors.add(cursor)
        if repeated or self._stale >= _MOST_STALE_PAGES or len(self._cursors) > _MOST_PAGES:
            raise WireProblem(f"Light's list {path} does not come to an end.")
