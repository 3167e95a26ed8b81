"""What the page's server was started with, and the options of one set of files on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from importer.app.check_request import AgeingFile, CheckRequest
from importer.app.defaults import Defaults, four_eyes_companies, profile_names, read_defaults
from importer.app.destination import LoadOptions, PaceOptions
from importer.app.events import Listener
from importer.app.four_eyes import note_check, noted_checks
from importer.app.workspace import Workspace
from importer.core.errors import ImporterError

if TYPE_CHECKING:
    from importer.references.lookup_tables import Pick
    from importer.references.reference_cache import Cached

_OF_CHECK = (
    "template encoding amounts lookups save_lookups documents largest_document then"
    " incomplete_drafts create_vendors expect settings update as_of"
).split()
_OF_LOAD = "only_valid verify settle line_mode confirm_above journal update four_eyes".split()
_OF_PACE = "requests_per_minute requests_per_day timeout wait".split()


@dataclass(frozen=True)
class PageSettings:
    """``profile`` is a company of light-import.toml; ``given`` are the options that were typed on
    the command line, which go before those of the file, whichever company is chosen."""

    given: Mapping[str, Any] = field(default_factory=dict)
    profile: str | None = None
    sandbox: bool = False

    def options(self, workspace: Workspace | None) -> dict[str, Any]:
        """The options that count: of the files, else of light-import.toml."""
        of_files = workspace.options if workspace is not None else {}
        defaults = self.defaults(workspace)
        return {**defaults.options, **of_files, **self.given, "company": defaults.company}

    def defaults(self, workspace: Workspace | None) -> Defaults:
        """What light-import.toml says, for the company of the files."""
        of_files = workspace.options if workspace is not None else {}
        return read_defaults(of_files.get("company") or self.profile)

    def journal(self) -> str | None:
        """Another journal than the companies' own."""
        journal: str | None = self.options(None).get("journal")
        return journal

    def profiles(self) -> list[str]:
        return profile_names()

    def request(self, workspace: Workspace) -> CheckRequest:
        """What is to be read, with the corrections of the files and the picks.

        UsageProblem where a file cannot be corrected on the page.
        """
        options = stated(self.options(workspace), _OF_CHECK)
        for name in ("expect", "settings"):
            options[name] = tuple((str(a), str(b)) for a, b in options.get(name, ()))
        return CheckRequest(
            tuple(str(path) for path in workspace.write_corrected()),
            ageing=tuple(
                AgeingFile(str(workspace.files / name), currency)
                for name, currency in workspace.ageing.items()
            ),
            picks=picks_of(workspace),
            corrections=workspace.corrections(),
            **options,
        )

    def load_options(self, workspace: Workspace) -> LoadOptions:
        options = self.options(workspace)
        return LoadOptions(
            base_url=options.get("base_url"),
            company=options["company"],
            pace=self.pace(options),
            **stated(options, _OF_LOAD),
        )

    def four_eyes(self, workspace: Workspace) -> bool:
        """Whether another person has to check; if only for some company, that is known when it is
        connected to."""
        if self.sandbox:
            return False
        return bool(self.options(workspace).get("four_eyes") or four_eyes_companies())

    def release(self, workspace: Workspace, mark: str) -> None:
        """Note that the person has checked what these files would send. Raises ImporterError."""
        options = self.options(workspace)
        place = options.get("journal"), options.get("base_url"), options["company"]
        note_check(*place, mark)

    def released_by(self, workspace: Workspace, mark: str) -> list[str]:
        """Who has checked what these files would send, and when, in words. Raises ImporterError."""
        options = self.options(workspace)
        place = options.get("journal"), options.get("base_url"), options["company"]
        return [check.words for check in noted_checks(*place, mark)]

    def pace(self, options: Mapping[str, Any]) -> PaceOptions:
        return PaceOptions(**stated(options, _OF_PACE))

    def lists(
        self, options: Mapping[str, Any], listener: Listener, *, fetch: bool
    ) -> Cached | None:
        """The company's lists: the saved ones, else fetched; with ``fetch`` fetched anew.

        None where there are none and no key to fetch them; the listener hears why. With ``fetch``
        that is raised, an ImporterError.
        """
        from importer.app.reference import pull_reference

        saved = _saved_lists(options)
        if saved is not None and not fetch:
            return saved
        try:
            return pull_reference(options.get("base_url"), listener=listener).cached
        except ImporterError as error:
            if fetch:
                raise
            listener.message(str(error))
            return None


def _saved_lists(options: Mapping[str, Any]) -> Cached | None:
    """The lists that were fetched from this Light, of the company that is expected."""
    from importer.app.data_paths import reference_paths
    from importer.core.name_key import name_key
    from importer.light.credentials import DEFAULT_BASE_URL
    from importer.references.reference_cache import read_cache

    base_url, company = options.get("base_url") or DEFAULT_BASE_URL, options["company"]
    every = list(map(read_cache, reference_paths()))
    local = [cached for cached in every if cached.base_url == base_url.rstrip("/")]
    if company is not None:
        wanted = name_key(company)
        named = (c for c in local if wanted in (name_key(c.company.name), c.company.id))
        return next(named, None)
    return local[0] if len(local) == 1 else None


def picks_of(workspace: Workspace) -> tuple[Pick, ...]:
    """The choices for names, as those of a result workbook's sheet."""
    from importer.model.finding import CellRef
    from importer.references.lookup_tables import Pick

    place = "the page"
    return tuple(
        Pick(
            pick.field,
            pick.value,
            pick.id,
            pick.label,
            place,
            cell=CellRef(place, column=pick.field),
        )
        for pick in workspace.picks
    )


def stated(options: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """Those of the options that have a value."""
    return {name: options[name] for name in names if options.get(name) is not None}
