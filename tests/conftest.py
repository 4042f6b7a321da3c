"""What several tests need: the toy town, the bundled project, the reference data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ledger_support import book, ledger, place, server  # noqa: F401  # fixtures of a ledger
from renewal_gis import toytown
from webmap_support import chromium, visit  # noqa: F401  # fixtures of a real browser

ROOT = Path(__file__).resolve().parent.parent
HANDAN = ROOT / "plans" / "handan-2021.toml"
SHARED = Path(os.environ.get("RENEWAL_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def toy_plan():
    return toytown.make_plan()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data, which is not part of the repository."""
    if not SHARED.is_dir():
        pytest.skip(f"没有参考数据文件夹 {SHARED.name}(用 RENEWAL_SHARED 指定)")
    return SHARED
