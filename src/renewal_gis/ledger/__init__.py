"""The ledger: one row per site, a diary that only grows, and any past day rebuilt from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from renewal_gis.ledger.core import SqlLedger


def open_ledger(place: str | Path, /, *, create: bool = False) -> SqlLedger:
    """Return the ledger in a file or on a server.

    Parameters
    ----------
    place
        ``FILE.gpkg`` or ``postgresql://user@host/database``.
    create
        Make it if it is not there.

    Raises
    ------
    MissingFileError
        There is none and ``create`` is not set.
    LedgerError
        It is something else, damaged, out of reach, or from a later version.
    """
    if is_server(place):
        from renewal_gis.ledger.postgis import open_server  # noqa: PLC0415

        return open_server(str(place), create=create)
    from renewal_gis.ledger.geopackage import open_file  # noqa: PLC0415  # each kind loads its own driver

    return open_file(place, create=create)


def is_server(place: str | Path, /) -> bool:
    """Return whether a place is a server's address."""
    return str(place).startswith(("postgresql://", "postgres://"))
