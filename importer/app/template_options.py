"""What the options of a run change in its template: parameters, control totals, formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.app.check_request import CheckRequest as CheckRequest
from importer.app.check_request import Pairs
from importer.core.errors import UsageProblem
from importer.mapping.template_model import Template

if TYPE_CHECKING:
    from importer.resume.provenance import ResultWorkbook


CANONICAL = "light"  # the template of the canonical sheets


def expected_totals(request: CheckRequest, former: ResultWorkbook | None, template: str) -> Pairs:
    """The control totals of the request, above those of the result workbook."""
    if former is None or former.template != template:
        return request.expect
    return tuple({**dict(former.expect), **dict(request.expect)}.items())


def with_options(
    template: Template, request: CheckRequest, former: ResultWorkbook | None
) -> Template:
    """The template with the parameters and control totals of the request."""
    from importer.app.ageing_totals import PREFIX, ageing_totals
    from importer.core.currencies import EXPONENTS
    from importer.core.nearest_name import did_you_mean
    from importer.mapping.parameters import with_settings
    from importer.mapping.template_checks import total_problem

    template = with_settings(template, dict(request.settings), former.parameters if former else {})
    counts: dict[str, int] = {}
    gross: dict[str, str] = {}
    for name, text in request.expect:
        if name in ("bills", "lines"):
            if not (text.isascii() and text.isdigit()):
                raise UsageProblem(f"--expect {name}={text}: write a whole number, as {name}=412.")
            counts[name] = int(text)
        elif name.upper() in EXPONENTS:
            if problem := total_problem(template, name.upper(), text):
                raise UsageProblem(
                    f"--expect {name}={text}: {problem}. Write it as {name.upper()}=1284220.10."
                )
            gross[name.upper()] = text
        elif name.startswith(PREFIX):
            ageing_totals(((name, text),), template, request.as_of)
        else:
            near = did_you_mean(name, ("bills", "lines", *EXPONENTS))
            raise UsageProblem(
                f"--expect {name}={text}: '{name}' is neither bills, lines, a currency nor an"
                f" ageing{near}"
            )
    if request.amounts and template.template == CANONICAL:
        amounts = "decimal" if request.amounts == "money" else "cents"
        formats = template.formats.model_copy(update={"amounts": amounts})
        template = template.model_copy(update={"formats": formats})
    date = template.bills.get("issuedDate")
    if request.incomplete_drafts and date is not None and date.column:
        optional = date.model_copy(update={"optional": True})
        template = template.model_copy(update={"bills": {**template.bills, "issuedDate": optional}})
    expect = template.expect.model_copy(
        update={**counts, "gross": {**template.expect.gross, **gross}}
    )
    return template.model_copy(update={"expect": expect})
