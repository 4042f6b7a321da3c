"""Ledgers to test: in a file, and on a server that is started for the tests on a socket of its own."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
import uuid
from pathlib import Path

import pytest

from renewal_gis import toytown
from renewal_gis.ledger import open_ledger
from renewal_gis.ledger.rtree import register_functions

AT = "2021-10-08T09:00:00+08:00"


def _find_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    inside = shutil.which("initdb")
    return found[-1].parent if found else Path(inside).resolve().parent if inside else None


def _lower() -> dict[str, object]:
    """PostgreSQL refuses to run as root; its package brings a user of its own."""
    if os.name != "posix" or os.geteuid() != 0:
        return {}
    import pwd

    try:
        who = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("以 root 运行,而系统没有 postgres 用户")
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


@pytest.fixture(scope="session")
def server():
    """The address of a server with PostGIS, stopped and removed after the tests."""
    pytest.importorskip("psycopg", reason="没有安装 psycopg(renewal-gis[server])")
    programs = _find_programs()
    if programs is None:
        pytest.skip("没有安装 PostgreSQL(apt install postgresql postgis postgresql-*-postgis-3)")
    lower = _lower()
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short
    if lower:
        os.chown(folder, lower["user"], lower["group"])
    quiet = {"capture_output": True, "cwd": folder, **lower}
    subprocess.run(
        [programs / "initdb", "-D", folder / "data", "-U", "ledger", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"],
        check=True, **quiet,
    )  # fmt: skip
    words = f"-k {folder} -c listen_addresses='' -c shared_buffers=32MB -c fsync=off"  # speed: a test's ledger need not outlive a power cut
    start = [programs / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "-o", words, "start"]
    # the server keeps what it is started with, so a pipe would never be closed
    subprocess.run(
        start, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **lower
    )
    # the guard's input ends when these tests end, however they end: no server is left behind
    stop = f'read line; "{programs}/pg_ctl" -D "{folder}/data" -m immediate stop; rm -rf "{folder}"'
    guard = subprocess.Popen(
        ["sh", "-c", stop], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        cwd="/", start_new_session=True, **lower,
    )  # fmt: skip
    yield f"postgresql://ledger@/postgres?host={folder}"
    guard.communicate()


@pytest.fixture(params=["gpkg", "postgis"])
def place(request, tmp_path):
    """Where a ledger may be made: a file, or a schema of the server."""
    if request.param == "gpkg":
        return str(tmp_path / "l.gpkg")
    return f"{request.getfixturevalue('server')}&schema=t{uuid.uuid4().hex}"


def fill(made):
    made.set_plan(toytown.make_plan(), at=AT, by="测试")
    made.import_sites(toytown.make_sites(), at=AT, by="测试")
    made.import_events(toytown.make_events(), at=AT, by="测试")


@pytest.fixture
def ledger(place):
    """The toy town's ledger, in a file and on the server."""
    with open_ledger(place, create=True) as made:
        fill(made)
        yield made


@pytest.fixture
def book(tmp_path):
    """The toy town's ledger in a file, for what only a file has."""
    with open_ledger(tmp_path / "l.gpkg", create=True) as made:
        fill(made)
        yield made


def run_raw(ledger, *statements):
    """Run statements past the ledger, as somebody with another program might."""
    if hasattr(ledger, "path"):
        base = sqlite3.connect(ledger.path)
        register_functions(base)
        try:
            for statement in statements:
                base.execute(statement)
            base.commit()
        finally:
            base.close()
    else:
        with ledger._server.transaction():
            for statement in statements:
                ledger._server.execute(statement)


def unguard(ledger, table):
    """Take the guards of a table away."""
    if hasattr(ledger, "path"):
        run_raw(ledger, f"DROP TRIGGER {table}_no_update", f"DROP TRIGGER {table}_no_delete")
    else:
        run_raw(ledger, f"DROP TRIGGER {table}_no_change ON {table}")


def faults(ledger):
    """Return what verify finds, the settings of the tests' server aside."""
    return [finding for finding in ledger.verify() if finding.code != "ledger-unsafe"]
