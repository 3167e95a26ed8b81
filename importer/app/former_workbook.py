"""A result workbook as input: its record of the run before, and the template of that."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import is_zipfile

from importer.app.check_request import CheckRequest as CheckRequest
from importer.app.trust import proven
from importer.core.errors import UsageProblem
from importer.mapping.template_loader import LoadedTemplate, find_template
from importer.model.tables import SourceTable

if TYPE_CHECKING:
    from importer.resume.provenance import ResultWorkbook


def refuse_unknown_result(tables: Sequence[SourceTable]) -> None:
    """UsageProblem for a result workbook whose record of its run is gone."""
    from importer.resume.row_changes import looks_like_result

    for table in tables:
        if not looks_like_result([table]):
            continue
        if table.sheet is None:
            raise UsageProblem(
                f"{table.file} is a CSV result, which is only for reading. Correct your own file"
                " or the result workbook (.xlsx), and load that."
            )
        raise UsageProblem(
            f"{table.file}, sheet {table.sheet}: it has the columns of a result workbook but no"
            " longer names its template and run. Write the workbook again (light-import"
            " validate, or light-import report RUN), or load your own file."
        )


def former_workbook(request: CheckRequest, copies: dict[str, Path]) -> ResultWorkbook | None:
    """The record in the result workbook, where the file is one."""
    from importer.readers import check_file

    paths = {name: copies.get(name, request.path_of(name)) for name in request.files}
    for path in paths.values():
        check_file(path)
    if not any(map(is_zipfile, paths.values())):
        return None  # without the imports that reading one takes
    from importer.resume.result_workbook import read_result_workbook

    records = [(name, read_result_workbook(path, name)) for name, path in paths.items()]
    formers = [(name, former) for name, former in records if former is not None]
    if formers and len(records) > 1:
        raise UsageProblem(
            f"{formers[0][0]} is a result workbook: it has all the rows of its files. Load it"
            " alone."
        )
    return formers[0][1] if formers else None


def requested_template(
    request: CheckRequest, former: ResultWorkbook | None
) -> LoadedTemplate | None:
    """The template requested, else that of the result workbook; None: to be recognised."""
    if request.template:
        return find_template(request.template)
    if former is None:
        return None
    file = former.template_file
    if not file:
        return find_template(former.template)
    if not proven(former):
        raise UsageProblem(
            f"{request.files[0]} names the template {file}, but nothing shows that you made the"
            " workbook on this computer, so that template is not used. Name it with --template."
        )
    if not Path(file).is_file():
        raise UsageProblem(
            f"{request.files[0]} was made with the template {file}, which no longer exists."
            " Name it with --template."
        )
    return find_template(file)
