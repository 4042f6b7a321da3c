"""The diary of one site in plain values: what an entry needs, without a second of imports.

:mod:`renewal_gis.ledger.history` does the same for all sites at once; a test holds the two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from renewal_gis.ledger.writing import Connection


class Entry(NamedTuple):
    """The part of an event that says where a site stands. Days are ISO texts, blanks are empty."""

    event_id: str
    site_id: str
    stage: str
    date: str
    corrects: str
    reason: str


_NAMES = ", ".join(Entry._fields)
# a note says nothing of the stage, and a correction of one is read as the first of its kind
_IN_ORDER = "(stage <> '' OR corrects <> '') AND recorded_at <= ? ORDER BY seq"
_READ_ONE = f"SELECT {_NAMES} FROM status_event WHERE site_id = ? AND {_IN_ORDER}"  # noqa: S608  # fixed names
_READ_ODD = (
    f"SELECT {_NAMES} FROM status_event WHERE site_id IN (SELECT site_id FROM status_event "  # noqa: S608
    f"WHERE (kind = 'correction' OR reason <> '') AND recorded_at <= ?) AND {_IN_ORDER}"
)
EVER = "9999"
"""Later than any time of recording."""


def read_entries(base: Connection, sites: Iterable[str], /, *, moment: str = EVER) -> dict[str, list[Entry]]:
    """Return the entries of some sites, each in the order of recording, as known at a moment."""
    return {site_id: [*map(Entry._make, base.execute(_READ_ONE, (site_id, moment)))] for site_id in sites}


def read_odd_entries(base: Connection, /, *, moment: str = EVER) -> dict[str, list[Entry]]:
    """Return the entries of the sites where anything was corrected or given back."""
    found: dict[str, list[Entry]] = {}
    for entry in map(Entry._make, base.execute(_READ_ODD, (moment, moment))):
        found.setdefault(entry.site_id, []).append(entry)
    return found


def settle_entries(entries: Sequence[Entry], /) -> list[Entry]:
    """Return the stage entries that hold, corrections applied; see :func:`history.settle_events`."""
    known = {entry.event_id: entry for entry in entries}
    last = {entry.corrects: entry.event_id for entry in entries if entry.corrects}
    ends = (
        known[_follow(entry.event_id, last)]
        for entry in entries
        if not entry.corrects or entry.corrects not in known
    )
    return [end for end in ends if end.stage]


def _follow(event_id: str, last: Mapping[str, str]) -> str:
    seen = {event_id}
    while event_id in last and last[event_id] not in seen:
        event_id = last[event_id]
        seen.add(event_id)
    return event_id


def keep_counting(entries: Sequence[Entry], stages: Sequence[str], /, *, as_of: str) -> list[Entry]:
    """Return the settled entries that count on a day: known stages, not given back since."""
    rank = {stage: place for place, stage in enumerate(stages)}
    held = [entry for entry in settle_entries(entries) if entry.stage in rank and entry.date <= as_of]
    kept: list[Entry] = []
    for entry in sorted(held, key=lambda entry: entry.date):
        if entry.reason:  # a step back, with its reason, takes away what lies above it
            kept = [other for other in kept if rank[other.stage] <= rank[entry.stage]]
        kept.append(entry)
    return kept


def find_days(entries: Sequence[Entry], stages: Sequence[str], /, *, as_of: str) -> dict[str, str]:
    """Return when a site first reached each stage or a later one; see :func:`history.find_reached`.

    Parameters
    ----------
    entries
        All entries of the site in the order of recording.
    stages
        The stages of its programme in their order, ``not_started`` first.
    as_of
        The last day that counts, as ISO text.

    Examples
    --------
    >>> walk = [Entry("E1", "A-10", "started", "2021-06-15", "", ""), Entry("E2", "A-10", "cleared", "2021-07-15", "", "")]
    >>> find_days(walk, ["not_started", "started", "cleared"], as_of="2021-09-30")
    {'started': '2021-06-15', 'cleared': '2021-07-15'}
    """
    first: dict[str, str] = {}
    for entry in keep_counting(entries, stages, as_of=as_of):
        first[entry.stage] = min(entry.date, first.get(entry.stage, entry.date))
    days: dict[str, str] = {}
    above = ""
    for stage in reversed(stages[1:]):
        above = min((day for day in (above, first.get(stage, "")) if day), default="")
        if above:
            days[stage] = above
    return dict(reversed(days.items()))
