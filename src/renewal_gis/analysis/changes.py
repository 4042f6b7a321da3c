"""What changed between two days: counts, sites, slipped dates, and who said nothing."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pandas as pd

from renewal_gis.errors import InputError
from renewal_gis.schema import EVENTS, PROGRESS, REACHED, check_frame
from renewal_gis.schema_review import CHANGES, MOVES, REPORTS, SLIPS
from renewal_gis.vocab import COMPLETED_STAGES, Move, Stage

if TYPE_CHECKING:
    import datetime as dt

    from renewal_gis.plan import Plan

_MOVE_OF_STAGE = {
    Stage.STARTED.value: Move.STARTED,
    Stage.ACCEPTED.value: Move.ACCEPTED,
    **{stage.value: Move.COMPLETED for stage in COMPLETED_STAGES},
}


def check_span(since: dt.date, as_of: dt.date, /) -> None:
    """Refuse a span that does not run forwards.

    Raises
    ------
    InputError
        ``since`` is not before ``as_of``.
    """
    if since >= as_of:
        raise InputError(
            f"起始日期 {since} 不早于截止日期 {as_of}", place="since", remedy="起始日期应在截止日期之前"
        )


def compare_progress(progress: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Return for every target and unit what changed between two days.

    Parameters
    ----------
    progress, before
        PROGRESS of the same plan and ledger, at the later and at the earlier day.

    Returns
    -------
    DataFrame
        CHANGES, in the order of ``progress``. A count may fall, where a stage was withdrawn.

    Raises
    ------
    SchemaError
        A frame that does not keep its contract.
    """
    check_frame(progress, PROGRESS)
    check_frame(before, PROGRESS)
    past = before.set_index(["target", "unit"])
    rows: list[dict[str, Any]] = []
    for row in progress.to_dict("records"):
        then = past.loc[(row["target"], row["unit"])]
        known = isinstance(row["rate"], Fraction) and isinstance(then["rate"], Fraction)
        rows.append(
            {
                **{key: row[key] for key in ("target", "programme", "indicator", "unit", "measure")},
                "done_before": then["done"],
                "done": row["done"],
                "change": row["done"] - then["done"],
                "rate_before": then["rate"],
                "rate": row["rate"],
                "change_pp": (row["rate"] - then["rate"]) * 100 if known else None,
            }
        )
    frame = pd.DataFrame(rows, columns=list(CHANGES.columns))
    for column in ("done_before", "done", "change"):
        frame[column] = frame[column].astype("Int64")
    for column in ("rate_before", "rate", "change_pp"):
        frame[column] = pd.Series([row[column] for row in rows], index=frame.index, dtype=object)
    return frame


def list_moves(
    sites: pd.DataFrame, located: pd.DataFrame, reached: pd.DataFrame, before: pd.DataFrame
) -> pd.DataFrame:
    """Return the sites that started, were completed or accepted between two days, or fell back.

    Parameters
    ----------
    sites, located
        SITES and LOCATED.
    reached, before
        REACHED at the later and at the earlier day.

    Returns
    -------
    DataFrame
        MOVES, by kind, programme and site. A site may start and be completed within the span: it
        then has two rows.

    Raises
    ------
    SchemaError
        A frame that does not keep its contract.
    """
    check_frame(reached, REACHED)
    check_frame(before, REACHED)
    now, past = _index_stages(reached), _index_stages(before)
    moves = [(key, _MOVE_OF_STAGE[key[1]], now[key]) for key in now.keys() - past.keys()]
    moves += [(key, Move.WITHDRAWN, past[key]) for key in past.keys() - now.keys()]
    order = list(Move)
    moves = [move for move in moves if move[0][0] in sites.index]
    programme = sites["programme"].to_dict()
    moves.sort(key=lambda move: (order.index(move[1]), programme[move[0][0]], move[0]))
    ids = [key[0] for key, _, _ in moves]
    return pd.DataFrame(
        {
            "site_id": pd.Series(ids, dtype=object),
            "name": sites["name"].reindex(ids).to_numpy(),
            "programme": sites["programme"].reindex(ids).to_numpy(),
            "unit": located["managing_unit"].reindex(ids).fillna("").to_numpy(),
            "kind": pd.Series([move.value for _, move, _ in moves], dtype=object),
            "stage": pd.Series([key[1] for key, _, _ in moves], dtype=object),
            "date": pd.to_datetime(pd.Series([day for _, _, day in moves], dtype="datetime64[ns]")),
        },
        columns=list(MOVES.columns),
    )


def _index_stages(reached: pd.DataFrame) -> dict[tuple[str, str], pd.Timestamp]:
    part = reached[reached["stage"].isin(list(_MOVE_OF_STAGE))]
    return {
        (str(site), str(stage)): day
        for site, stage, day in zip(part["site_id"], part["stage"], part["date"], strict=True)
    }


def list_slips(
    sites: pd.DataFrame,
    located: pd.DataFrame,
    stages: pd.DataFrame,
    *,
    completed: set[str],
    since: dt.date,
    as_of: dt.date,
) -> pd.DataFrame:
    """Return the sites whose planned finish has passed without completion.

    Parameters
    ----------
    sites, located
        SITES and LOCATED.
    stages
        ``stage`` by site: where each stands at ``as_of``.
    completed
        Ids of the sites whose works are done; see :func:`find_completed`.
    since, as_of
        The span; a day counts as passed once it is over.

    Returns
    -------
    DataFrame
        SLIPS, the longest overdue first. Sites without a planned finish cannot slip.
    """
    check_span(since, as_of)
    finish = pd.to_datetime(sites["planned_finish"])
    open_sites = ~sites.index.isin(list(completed))
    late = sites.index[open_sites & (finish < pd.Timestamp(as_of)).to_numpy()]
    planned = finish.reindex(late)
    frame = pd.DataFrame(
        {
            "site_id": late.to_numpy(),
            "name": sites["name"].reindex(late).to_numpy(),
            "programme": sites["programme"].reindex(late).to_numpy(),
            "unit": located["managing_unit"].reindex(late).fillna("").to_numpy(),
            "stage": stages["stage"].reindex(late).to_numpy(),
            "planned_finish": planned.to_numpy(),
            "days_late": (pd.Timestamp(as_of) - planned).dt.days.to_numpy(),
            "new": (planned >= pd.Timestamp(since)).to_numpy(),
        },
        columns=list(SLIPS.columns),
    )
    return frame.sort_values(["days_late", "site_id"], ascending=[False, True], ignore_index=True)


def find_completed(reached: pd.DataFrame, /) -> set[str]:
    """Return the ids of the sites whose works are done, whether accepted or not."""
    done = reached["stage"].isin([stage.value for stage in COMPLETED_STAGES])
    return {str(site) for site in reached.loc[done, "site_id"]}


def list_reports(
    sites: pd.DataFrame,
    located: pd.DataFrame,
    stages: pd.DataFrame,
    events: pd.DataFrame,
    plan: Plan,
    *,
    since: dt.date,
    as_of: dt.date,
) -> pd.DataFrame:
    """Return for every unit with a task whether it reported between two days.

    Parameters
    ----------
    sites, located
        SITES and LOCATED.
    stages
        ``stage`` by site: where each stands at ``as_of``.
    events
        EVENTS; every kind of entry counts as a report, by the date it speaks of.
    plan
        Units, and the last stage of each programme.
    since, as_of
        The span: after ``since``, up to and with ``as_of``.

    Returns
    -------
    DataFrame
        REPORTS, in the plan's order: units with a task in the plan or a site in the ledger. A unit
        whose sites have all reached their last stage owes no report.

    Raises
    ------
    InputError
        The span does not run forwards.
    """
    check_span(since, as_of)
    check_frame(events, EVENTS)
    unit_of = located["managing_unit"].reindex(sites.index).fillna("").astype(str)
    last = {programme.id: programme.stages[-1].value for programme in plan.programmes}
    is_open = stages["stage"].reindex(sites.index).to_numpy() != sites["programme"].map(last).to_numpy()
    start, end = pd.Timestamp(since), pd.Timestamp(as_of)
    known = events[(events["date"] <= end).to_numpy()]
    teller = known["site_id"].map(unit_of).fillna("").to_numpy(dtype=object)
    tasks = {unit for target in plan.targets for unit in target.breakdown}
    rows: list[dict[str, Any]] = []
    for unit in (unit.name for unit in plan.units):
        mine = (unit_of == unit).to_numpy()
        if not mine.any() and unit not in tasks:
            continue
        days = known.loc[teller == unit, "date"]
        latest = days.max()  # NaT if there is none
        fresh, pending = int((days > start).sum()), int((mine & is_open).sum())
        rows.append(
            {
                "unit": unit,
                "sites": int(mine.sum()),
                "open_sites": pending,
                "entries": fresh,
                "last_date": latest,
                "days_since": (end - latest).days if len(days) else pd.NA,
                "reported": fresh > 0 or (pending == 0 and bool(mine.any())),
            }
        )
    frame = pd.DataFrame(rows, columns=list(REPORTS.columns))
    return frame.astype({"days_since": "Int64", "last_date": "datetime64[ns]"})
