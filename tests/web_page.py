"""``light-import web`` as a process, and a client that is let in, as a browser is."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from forked import Forked, piped

SAMPLES = Path(__file__).parents[1] / "samples"


@dataclass
class WebPage:
    """``address`` is what the command printed first, ``base`` without its token."""

    process: Forked
    address: str
    client: httpx.Client
    home: Path  # its data folder
    csrf: str = ""

    @property
    def base(self) -> str:
        return self.address.partition("/?")[0]

    def enter(self) -> httpx.Response:
        """Open the printed address, as the browser does."""
        page = self.client.get(self.address)
        self.csrf = re.findall('name="csrf" content="([^"]+)"', page.text)[0]
        return page

    @property
    def headers(self) -> dict[str, str]:
        return {"origin": self.base, "x-csrf-token": self.csrf}

    def post(self, path: str, **fields: Any) -> httpx.Response:
        """A form, as the page sends it."""
        form = {"csrf": self.csrf, **{name: str(value) for name, value in fields.items()}}
        return self.client.post(path, data=form, headers={"origin": self.base})

    def edit(self, files: str, version: int, *cells: tuple[int, int, str], table: int = 0) -> Any:
        body = {"version": version, "table": table, "cells": cells}
        return self.client.post(f"{files}/edit", json=body, headers=self.headers)

    def drop(self, *files: Path | tuple[str, bytes]) -> str:
        """Drop files; the address of their page."""
        id = self.client.post("/files", headers=self.headers).json()["id"]
        for file in files:
            name, data = file if isinstance(file, tuple) else (file.name, file.read_bytes())
            sent = self.client.put(
                f"/files/{id}/upload", params={"name": name}, content=data, headers=self.headers
            )
            assert sent.status_code == 200, sent.text
        return f"/files/{id}"

    def ready(self, path: str) -> str:
        """The page once no job runs any more, or its question: it listens as ``page.js`` does."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            page = self.client.get(path).text
            if "data-job" not in page or 'name="question"' in page:
                return page
            (job,) = re.findall('data-job="([^"]+)" data-page="([^"]*)"', page)
            self._listen(*job, end)
        raise AssertionError(page)

    def _listen(self, events: str, shown: str, end: float) -> None:
        """Until a job has ended, or asks for another page than the one that is shown."""
        with self.client.stream("GET", events) as states:
            for line in states.iter_lines():
                if line.startswith("data: "):
                    page = json.loads(line.removeprefix("data: "))["page"]
                    if page != shown or page == "ended" or time.monotonic() > end:
                        return

    def version(self, page: str) -> int:
        return int(re.findall('name="version" value="([0-9]+)"', page)[0])

    def rows(self, files: str, **asked: object) -> Any:
        return self.client.get(f"{files}/rows", params={**asked}).json()

    def send(self, files: str, page: str, **fields: Any) -> str:
        """Load, say yes, wait; the page of the run."""
        self.post(f"{files}/send", version=self.version(page), **fields)
        self.answer(self.ready(files))
        self.ready(files)
        run = re.findall(r'href="(/runs/[^"?]+)', self.client.get(files).text)
        return run[0] if run else ""

    def answer(self, page: str, answer: str = "yes", **fields: Any) -> httpx.Response:
        job = re.findall('action="(/jobs/[^"]+/answer)"', page)[0]
        question = re.findall('name="question" value="([^"]+)"', page)[0]
        return self.post(job, question=question, answer=answer, back="/runs/x", **fields)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def web_page(home: Path, *options: str, **variables: str) -> Iterator[WebPage]:
    """The page's server with that data folder, until the block ends."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("LIGHT_")}
    env |= {
        "LIGHT_IMPORT_HOME": str(home),
        "LIGHT_IMPORT_SETTLE": "0.3",
        "LIGHT_IMPORT_AMOUNTS": "cents",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        **variables,
    }
    process = piped(("web", "--no-browser", *options), home, env)
    try:
        address = process.stdout.readline().strip()
        assert address.startswith("http"), process.stderr.read()
        base = address.partition("/?")[0]
        with httpx.Client(base_url=base, follow_redirects=True, timeout=60) as client:
            page = WebPage(process, address, client, home)
            yield page
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.close()
