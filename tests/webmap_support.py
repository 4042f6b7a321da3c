"""A real browser without a network, and what it saw."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

CHROMIUM = os.environ.get("RENEWAL_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
WAIT_MS = 15_000


@dataclass
class Visit:
    """An open page, and all that it asked for or complained of."""

    page: Any
    file: Path
    requests: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def foreign(self) -> list[str]:
        """Requests other than the file itself and what it carries inside."""
        own = self.file.as_uri()
        return [
            url
            for url in self.requests
            if url != own and url not in self.stopped and not url.startswith(("data:", "blob:"))
        ]

    def check_quiet(self) -> None:
        assert self.foreign == []
        assert self.complaints == []

    def wait_ready(self) -> Visit:
        """Ask again and again: the page's policy forbids the strings that wait_for_function would evaluate."""
        for _ in range(WAIT_MS // 20):
            if self.page.evaluate("Boolean(window.renewal && window.renewal.ready)"):
                return self
            self.page.wait_for_timeout(20)
        raise AssertionError(f"the page did not become ready: {self.complaints}")


@pytest.fixture(scope="session")
def chromium():
    """Chromium, headless; skipped where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="没有安装 playwright")
    if not CHROMIUM:
        pytest.skip("没有找到 chromium(可用环境变量 RENEWAL_CHROMIUM 指定)")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, tmp_path):
    """Opens a page's text as a file, with the network refused, and listens to it."""
    contexts = []

    def open_page(
        text: str, *, before: str = "", size=(1280, 800), name: str = "map.html", fragment: str = ""
    ) -> Visit:
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme="light")
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        seen = Visit(page, file)
        page.on("request", lambda request: seen.requests.append(request.url))
        # what the page's own policy stopped never left it
        page.on(
            "requestfailed",
            lambda request: (
                seen.stopped.append(request.url) if "csp" in (request.failure or "").lower() else None
            ),
        )
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                seen.complaints.append(message.text) if message.type in {"error", "warning"} else None
            ),
        )
        page.on(
            "dialog", lambda dialog: (seen.complaints.append(f"dialog {dialog.message}"), dialog.dismiss())
        )
        if before:
            page.add_init_script(before)
        page.goto(file.as_uri() + fragment)
        return seen

    yield open_page
    for context in contexts:
        context.close()
