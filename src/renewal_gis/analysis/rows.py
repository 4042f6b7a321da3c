"""Which rows stand behind a number (“244 是哪 244 行”): targets, ledger and geometry down to rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from renewal_gis.analysis.progress import list_rows
from renewal_gis.gates import trace_rows
from renewal_gis.schema import PROGRESS, check_frame
from renewal_gis.schema_review import BALANCES, ROWS
from renewal_gis.vocab import CITY

if TYPE_CHECKING:
    import datetime as dt

    from renewal_gis.plan import Plan, Target


def list_balances(progress: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Return for every target and unit how task, ledger and geometry compare.

    Parameters
    ----------
    progress
        PROGRESS.
    plan
        The targets.

    Returns
    -------
    DataFrame
        BALANCES, in the order of ``progress``: the ledger less the task, what has no place, what is
        not done, and the difference in words.

    Raises
    ------
    SchemaError
        A frame that does not keep its contract.
    """
    check_frame(progress, PROGRESS)
    rows = []
    for row in progress.to_dict("records"):
        task, ledger = row["task"], int(row["ledger"])
        over = None if pd.isna(task) else ledger - int(task)
        rows.append(
            {
                **{key: row[key] for key in ("target", "programme", "indicator", "unit", "measure", "task")},
                **{key: row[key] for key in ("ledger", "located", "unlocated", "done")},
                "over": over,
                "open": ledger - int(row["done"]),
                "words": _tell_balance(row, plan.target(row["target"]), over),
            }
        )
    frame = pd.DataFrame(rows, columns=list(BALANCES.columns))
    counts = ["task", "ledger", "located", "unlocated", "done", "over", "open"]
    return frame.astype(dict.fromkeys(counts, "Int64"))


def _tell_balance(row: dict[str, Any], target: Target, over: int | None) -> str:
    measure = row["measure"]
    words = []
    if over is None:
        words.append("方案未给任务数,按台账计")
    elif target.parent and over > 0:
        words.append(f"任务为台账{row['ledger']}{measure}中的一部分")
    elif over:
        words.append(f"台账比任务{'多' if over > 0 else '少'}{abs(over)}{measure}")
    if row["unlocated"]:
        words.append(f"{row['unlocated']}{measure}没有位置")
    return ";".join(words) or "相符"


def list_target_rows(
    sites: pd.DataFrame, located: pd.DataFrame, reached: pd.DataFrame, plan: Plan, *, as_of: dt.date
) -> pd.DataFrame:
    """Return every ledger row that a target counts, and every row of its programme that it does not.

    Parameters
    ----------
    sites, located, reached, plan, as_of
        As in :func:`renewal_gis.analysis.progress.measure_progress`.

    Returns
    -------
    DataFrame
        ROWS, by target in the plan's order, then by unit and site. The sums of ``weight`` over the
        rows that count are ``ledger``, over those that are done ``done``, over those with a place
        ``located`` of PROGRESS, for the city and for each unit.

    Raises
    ------
    SchemaError
        Frames that do not keep their contracts, or do not belong together.
    """
    parts = [_list_target(sites, located, reached, plan, target, as_of) for target in plan.targets]
    frame = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    origins = trace_rows(sites)
    frame["source_file"] = [origins[site][0] for site in frame["site_id"]]
    frame["source_row"] = pd.array([origins[site][1] for site in frame["site_id"]], dtype="Int64")
    return frame[list(ROWS.columns)]


def _list_target(
    sites: pd.DataFrame,
    located: pd.DataFrame,
    reached: pd.DataFrame,
    plan: Plan,
    target: Target,
    as_of: dt.date,
) -> pd.DataFrame:
    counted = list_rows(sites, located, reached, plan, target=target.id, as_of=as_of)
    family = sites[sites["programme"] == target.programme]
    if target.category:
        family = family[family["category"] == target.category]
    units = located["managing_unit"].reindex(family.index).fillna("").astype(str)
    held = counted.reindex(family.index)
    counts = family.index.isin(counted.index)
    frame = pd.DataFrame(
        {
            "target": target.id,
            "programme": target.programme,
            "indicator": target.indicator,
            "unit": units.to_numpy(),
            "site_id": family.index.to_numpy(),
            "name": family["name"].to_numpy(),
            "category": family["category"].fillna("").to_numpy(),
            "declared_unit": family["declared_unit"].fillna("").to_numpy(),
            "located_name": located["located_name"].reindex(family.index).fillna("").to_numpy(),
            "weight": held["weight"].astype("Int64").fillna(0).to_numpy(dtype=int),
            "counts": counts,
            "located": held["located"].fillna(value=False).astype(bool).to_numpy(),
            "done": held["done"].fillna(value=False).astype(bool).to_numpy(),
            "done_on": held["done_on"].to_numpy(),
        }
    )
    late = _find_late(reached, target, frame["site_id"], as_of)
    frame["words"] = [_tell_row(row, target, late.get(row["site_id"])) for row in frame.to_dict("records")]
    order = {unit.name: place for place, unit in enumerate(plan.units)}
    place = frame["unit"].map(order).fillna(len(order))
    return frame.assign(place=place).sort_values(["place", "site_id"], kind="stable").drop(columns="place")


def _find_late(
    reached: pd.DataFrame, target: Target, ids: pd.Series, as_of: dt.date
) -> dict[str, pd.Timestamp]:
    """Days on which sites came too late for a checkpoint, as far as they are known."""
    if not target.checkpoint:
        return {}
    hits = reached[(reached["stage"] == target.milestone.value) & reached["site_id"].isin(ids)]
    late = hits[(hits["date"] > pd.Timestamp(target.deadline)) & (hits["date"] <= pd.Timestamp(as_of))]
    return dict(zip(late["site_id"], late["date"], strict=True))


def _tell_row(row: dict[str, Any], target: Target, late: pd.Timestamp | None) -> str:
    if not row["counts"]:
        return f"不计入:{row['unit'] or '责任单位不明'}不在该目标范围内"
    words = ["已完成" if row["done"] else "未完成"]
    if late is not None:
        words = [f"{late:%Y-%m-%d}完成,晚于{target.deadline:%Y-%m-%d},不计入该节点"]
    if not row["unit"]:
        words.append(f"责任单位不明,只计入{CITY}")
    if not row["located"]:
        words.append("没有位置")
    if target.weight == "dwellings" and not row["weight"]:
        words.append("套数未填,计0")
    declared, lies = row["declared_unit"], row["located_name"]
    if declared and lies and declared != lies:
        words.append(f"填报{declared},位于{lies}")
    return ";".join(words)
