"""Write the pictures of the documentation: terminals, the result workbook, the page in the browser.

Needs Debian's libreoffice-calc, poppler-utils and chromium. Without them it says so, leaves the
pictures as they are, and ends with exit code 0, so that ``make docs`` works without them.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PICTURES = Path(__file__).with_name("pictures")
PACKAGES = {
    "soffice": "libreoffice-calc",
    "pdftoppm": "poppler-utils",
    "pdftotext": "poppler-utils",
    "chromium": "chromium",
}
COLUMNS = 80
# name: the command; lines of its output that are shown (0: all)
TERMINALS = {
    "check": ("validate bills-to-correct.xlsx", 24),
    "load": ("load bills.xlsx --sandbox --yes", 0),
    "runs": ("runs", 0),
}
# name: the result workbook, and the sheet whose first page is shown
PAGES = {
    "summary": ("bills-result.xlsx", "Summary"),
    "tie-out": ("bills-result.xlsx", "Tie-out"),
    "bills": ("bills-to-correct-result.xlsx", "Bills"),
}
# An export that no template recognises
EXPORT = """Lieferant,Beleg,Datum,Betrag,Fracht
Acker GmbH,R-1041,03/04/2025,1200,25
Acker GmbH,R-1042,05/04/2025,80,0
Bolte AG,7719,07/04/2025,310,0
"""
SCREEN = """<!doctype html><meta charset="utf-8"><style>
body {{margin: 0; background: #1e2430}}
pre {{margin: 0; padding: 12px 16px; color: #e6e6e6; font: 13px/18px "DejaVu Sans Mono", monospace}}
b {{color: #8fd18f; font-weight: normal}}
</style><pre>{text}</pre>"""


def main() -> int:
    missing = sorted({package for tool, package in PACKAGES.items() if not shutil.which(tool)})
    if missing:
        print(f"No pictures were written: install {', '.join(missing)} first.", file=sys.stderr)
        return 0
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copyfile(ROOT / "samples/light/bills.xlsx", folder / "bills.xlsx")
        shutil.copyfile(ROOT / "samples/light-broken/bills.xlsx", folder / "bills-to-correct.xlsx")
        for picture, (command, most) in TERMINALS.items():
            _write_terminal(folder, picture, command, most)
        for picture, (workbook, sheet) in PAGES.items():
            _write_page(folder, picture, workbook, sheet)
        _write_web_pages(folder)
    return 0


def _write_web_pages(folder: Path) -> None:
    """The page in the browser, from the first file to the result."""
    from playwright.sync_api import sync_playwright

    command = [sys.executable, "-m", "importer", "web", "--sandbox", "--no-browser", "--settle=1"]
    server = subprocess.Popen(
        command, cwd=folder, env=_env(folder), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert server.stdout is not None
    try:
        with sync_playwright() as started:
            browser = started.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1000, "height": 620})
            page.set_default_timeout(120_000)
            page.goto(server.stdout.readline().strip())
            _shoot(page, "start")
            page.set_input_files("#sheets", str(folder / "bills-to-correct.xlsx"))
            page.wait_for_selector(".gridrow [data-at]")
            _shoot(page, "check")
            page.evaluate("() => document.querySelector('.gridbox').scrollIntoView()")
            page.click("[data-at='2'][data-column='1']")
            page.keyboard.press("F2")
            _shoot(page, "grid")
            page.keyboard.press("Escape")
            page.evaluate("() => document.querySelector('#names').scrollIntoView()")
            _shoot(page, "names")
            page.check("[name=only_valid]")
            page.click("[data-send]")
            page.wait_for_selector("[name=answer]")
            _shoot(page, "question")
            page.click("[name=answer][value=yes]")
            page.wait_for_url("**/runs/**")
            _shoot(page, "result")
            page.goto(page.url.partition("/runs/")[0])
            export = folder / "export.csv"
            export.write_text(EXPORT)
            page.set_input_files("#sheets", str(export))
            page.wait_for_selector("text=The files could not be checked")
            page.click("a[href$='/template?draft'] >> nth=0")
            page.wait_for_selector(".question")
            _shoot(page, "template")
            page.click("nav >> text=History")
            page.wait_for_selector("text=When")
            _shoot(page, "history")
            browser.close()
    finally:
        server.terminate()
        server.wait()


def _shoot(page: Any, picture: str) -> None:
    page.screenshot(path=str(PICTURES / f"web-{picture}.png"))


def _env(folder: Path) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("LIGHT_")}
    env |= {"LIGHT_IMPORT_HOME": str(folder / "data"), "COLUMNS": str(COLUMNS)}
    return env | {"PYTHONPATH": str(ROOT), "USER": "ap", "LOGNAME": "ap"}


def _write_terminal(folder: Path, picture: str, command: str, most: int) -> None:
    """Run the command, and show what a person sees of it."""
    done = subprocess.run(
        [sys.executable, "-m", "importer", *command.split()],
        cwd=folder,
        env=_env(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = done.stdout.replace(f"{folder}/", "").rstrip().splitlines()
    if most and len(lines) > most:
        head = most - 8
        lines = [*lines[:head], "  [ … ]", *lines[-7:]]
    text = f"<b>$ light-import {html.escape(command)}</b>\n{html.escape(chr(10).join(lines))}"
    page = folder / f"{picture}.html"
    page.write_text(SCREEN.format(text=text), encoding="utf-8")
    size = f"{COLUMNS * 8 + 32},{18 * (len(lines) + 1) + 24}"
    _run("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--user-data-dir={folder}/chromium", f"--window-size={size}",
         f"--screenshot={PICTURES / picture}.png", page.as_uri())  # fmt: skip


def _write_page(folder: Path, picture: str, workbook: str, sheet: str) -> None:
    """The first page of a sheet, as LibreOffice prints it; the footer names the sheet."""
    pdf = (folder / workbook).with_suffix(".pdf")
    if not pdf.exists():
        _run("soffice", f"-env:UserInstallation=file://{folder}/office", "--headless",
             "--convert-to", "pdf", "--outdir", str(folder), str(folder / workbook))  # fmt: skip
    pages = subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True
    ).stdout.split("\f")
    footers = [page.rstrip().rsplit("\n", 1)[-1].split("  ") for page in pages]
    title = re.compile(rf"\s*{sheet}(?![\w-])(?! by)")
    number = str(next(n for n, parts in enumerate(footers, 1) if any(map(title.match, parts))))
    _run("pdftoppm", "-png", "-r", "70", "-singlefile", "-f", number, "-l", number,
         str(pdf), str(PICTURES / picture))  # fmt: skip


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
