"""Intake: what offices send, turned into frames without losing a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from renewal_gis.findings import Report


@dataclass(frozen=True, slots=True)
class Held:
    """An original that was held back, with the reason and where it stood."""

    file: str
    sheet: str
    row: int
    reason: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Intake:
    """What became of one file: ``accepted + repaired + quarantined == read``.

    Parameters
    ----------
    frame
        The usable rows (a GeoDataFrame where the contract has geometry).
    findings
        All that was noticed, repairs included.
    read
        Records in the file; title, total, footer and blank lines are not records.
    accepted, repaired, quarantined
        Rows taken as they were, taken after a logged repair, held back.
    quarantine
        The held-back originals.
    withheld
        Originals of rows that are in ``frame`` but whose location was held back; they count as
        tasks and are not drawn. ``withheld_repaired`` of them count among the repaired.
    fields
        Names of the file's own columns, as read.
    """

    frame: pd.DataFrame
    findings: Report
    read: int
    accepted: int
    repaired: int
    quarantined: int
    quarantine: tuple[Held, ...] = ()
    withheld: tuple[Held, ...] = ()
    withheld_repaired: int = 0
    fields: tuple[str, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
