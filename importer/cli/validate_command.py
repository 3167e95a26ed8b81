"""``light-import validate``: check sheets offline."""

from __future__ import annotations

from typing import Any

import click

from importer.cli.options import output_of, output_options, request_of, source_options, step_options


@click.command(short_help="Check sheets without sending anything.")
@source_options
@step_options
@click.option(
    "--company",
    metavar="NAME",
    help="Warn of names that this company did not have when 'reference pull' fetched its lists.",
)
@output_options
def validate(**options: Any) -> int:
    """Check bills and line items, cell by cell, without sending anything.

    SOURCE is a workbook with the sheets Bills and Line items, two CSV files, or an export that a
    template describes. Everything that is wrong is listed in a result workbook.

    \b
    Examples:
      light-import validate bills.xlsx
      light-import validate bills.csv line-items.csv
      light-import validate ledger.csv --template uk-spend
    """
    import time
    from dataclasses import replace
    from datetime import UTC, datetime
    from pathlib import Path

    from importer.app.next_step import after_validate
    from importer.app.pipeline import check_files
    from importer.app.resume_checks import continues, with_former_ids
    from importer.cli.output import exit_code, finish
    from importer.model.report_model import RunSummary
    from importer.report.result_path import result_path

    request, output = request_of(options), output_of(options)
    cached = None
    if company := options.pop("company"):
        from importer.cli.reference_command import cached_of

        cached = cached_of(company)
    began, started_at = time.monotonic(), datetime.now(UTC)
    path = result_path(list(request.files), output.result, Path.cwd())
    output.say(f"Checking {', '.join(request.files)} …")
    prepared = check_files(request)
    if cached is not None:
        from importer.references.resolve_online import warn_by_cache

        warn_by_cache(prepared.checked, cached, prepared.loaded.template)
    former = prepared.former if continues(prepared) else None
    summary = RunSummary(
        command="validate",
        run=None,
        company=former.company if former else None,
        base_url=former.base_url if former else None,
        template=prepared.loaded.template.template,
        sources=request.files,
        started_at=started_at,
        bills={},
        line_items={},
        rows={},
        totals=(),
        notes=tuple(prepared.checked.mapped.notes),
        template_file=prepared.template_file,
        continues=continues(prepared),
        company_id=former.company_id if former else "",
        expect=prepared.expect,
    )
    from importer.report.build_report import build_report

    report = with_former_ids(build_report(prepared.checked, {}, summary), prepared)
    code = exit_code(report.summary, report.findings, stopped=False)
    summary = replace(
        report.summary,
        exit_code=code,
        seconds=time.monotonic() - began,
        next_step=after_validate(
            request, report.summary, code, path, any(u.pick is None for u in report.unresolved)
        ),
    )
    return finish(replace(report, summary=summary), output, path).exit_code
