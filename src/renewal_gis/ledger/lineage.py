"""Sites that became others: which ones count on a day, and what the new ones inherit.

A merging or a splitting is an office record; no event is moved and no row is removed. From its day on
the old sites no longer count and the new ones do, so that no total doubles and none loses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from renewal_gis.ledger.diary import EVER, Entry, find_days, keep_counting, read_entries
from renewal_gis.ledger.records import read_records
from renewal_gis.vocab import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from renewal_gis.ledger.base import Moment
    from renewal_gis.ledger.writing import Connection

LAST_DAY = "9999-12-31"
_WORDS = {"merge": "并入", "split": "拆分为"}


@dataclass(frozen=True)
class Link:
    """One merging or splitting. ``made`` are the children whose rows it brought into the ledger."""

    record_id: str
    action: str
    parents: tuple[str, ...]
    children: tuple[str, ...]
    made: tuple[str, ...]
    date: str
    recorded_at: str
    recorded_by: str
    reason: str

    def tell(self) -> str:
        """Return what happened in words."""
        return f"{self.date} {'、'.join(self.parents)} {_WORDS[self.action]} {'、'.join(self.children)}"


@dataclass(frozen=True)
class Lineage:
    """The links that hold, by day; ``void`` are sites that a withdrawn link had made."""

    links: tuple[Link, ...]
    void: frozenset[str]

    def list_hidden(self, as_of: str = LAST_DAY, /) -> set[str]:
        """Return the sites that do not count on a day: those that became others, those not yet made."""
        hidden = set(self.void)
        for link in self.links:
            hidden.update(link.parents if link.date <= as_of else link.children)
        return hidden

    def find_end(self, site_id: str, /) -> Link | None:
        """Return the link by which a site became others."""
        return next((link for link in self.links if site_id in link.parents), None)

    def find_origin(self, site_id: str, /) -> Link | None:
        """Return the link by which a site came to be."""
        return next((link for link in self.links if site_id in link.children), None)

    def list_ancestors(self, site_id: str, /) -> list[str]:
        """Return all sites that a site came from, the eldest first."""
        origin = self.find_origin(site_id)
        if origin is None:
            return []
        elders = [elder for parent in origin.parents for elder in (*self.list_ancestors(parent), parent)]
        return list(dict.fromkeys(elders))


def read_lineage(base: Connection, /, *, known_at: Moment | None = None) -> Lineage:
    """Return the links that were known at a time, withdrawn ones left out."""
    rows = read_records(base, str(RecordKind.LINEAGE), known_at=known_at)
    gone = {row["body"]["corrects"] for row in rows if row["body"]["action"] == "withdraw"}
    links = [_make_link(row) for row in rows if row["body"]["action"] in _WORDS]
    kept = sorted((link for link in links if link.record_id not in gone), key=lambda link: link.date)
    living = {child for link in kept for child in link.children}
    void = {made for link in links if link.record_id in gone for made in link.made}
    return Lineage(tuple(kept), frozenset(void - living))


def _make_link(row: Mapping[str, Any]) -> Link:
    body = row["body"]
    return Link(
        record_id=row["record_id"],
        action=body["action"],
        parents=tuple(body["parents"]),
        children=tuple(body["children"]),
        made=tuple(body["made"]),
        date=row["date"],
        recorded_at=row["recorded_at"],
        recorded_by=row["recorded_by"],
        reason=body["reason"],
    )


def inherit_entries(
    base: Connection,
    lineage: Lineage,
    stages_of: Callable[[str], Sequence[str]],
    /,
    *,
    as_of: str = LAST_DAY,
    moment: str = EVER,
) -> dict[str, list[Entry]]:
    """Return the entries that each new site takes over from those it came from.

    A new site has reached a stage when every one of its parents had reached it by the day of the link,
    and on the last of their days. A lower stage counts as reported only if every parent reported it
    itself, so that a gate that one of them skipped stays skipped.

    Parameters
    ----------
    base
        The ledger.
    lineage
        See :func:`read_lineage`.
    stages_of
        The stages of a site's programme in their order.
    as_of
        Later links do not count.
    moment
        Later entries are not known.
    """
    links = [link for link in lineage.links if link.date <= as_of]
    diaries = read_entries(base, {site for link in links for site in link.parents}, moment=moment)
    given: dict[str, list[Entry]] = {}
    for link in links:
        stages = stages_of(link.parents[0])
        walks = [[*given.get(parent, []), *diaries[parent]] for parent in link.parents]
        days = [find_days(walk, stages, as_of=link.date) for walk in walks]
        told = [{entry.stage for entry in keep_counting(walk, stages, as_of=link.date)} for walk in walks]
        common = [stage for stage in stages[1:] if all(stage in day for day in days)]
        taken = [stage for stage in common if stage == common[-1] or all(stage in said for said in told)]
        for child in link.children:
            given.setdefault(child, []).extend(
                Entry(f"{link.record_id}:{child}:{stage}", child, stage, max(d[stage] for d in days), "", "")
                for stage in taken
            )
    return given
