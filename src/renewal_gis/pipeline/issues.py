"""Issues of a bulletin (第N期): numbered, kept as drafts, signed, and made again from what was signed."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from renewal_gis.errors import InputError
from renewal_gis.files import write_set
from renewal_gis.ledger import open_ledger
from renewal_gis.pipeline.proof import add_rows
from renewal_gis.pipeline.report import survey_for_report
from renewal_gis.publish import draw_figures, write_forms, write_proof
from renewal_gis.render.bulletin import build_bulletin
from renewal_gis.render.frozen import freeze_tree, thaw_tree
from renewal_gis.render.paper import Issue
from renewal_gis.vocab import RecordKind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from renewal_gis.ledger.base import Moment
    from renewal_gis.pipeline.review import Kind
    from renewal_gis.plan import Plan
    from renewal_gis.render.paper import Bulletin


@dataclass(frozen=True)
class Order:
    """Which issue is wanted.

    Parameters
    ----------
    kind
        ``weekly``, ``monthly`` or ``supervision``.
    number
        Number of the issue; None for the next one.
    signed_by, signed_on
        Who signs it and when; blank and None for a draft.
    template
        The office's own docx template; None for ours.
    rows
        Whether the rows behind the numbers are written as well (``findings.xlsx``, ``rows.csv``).
    """

    kind: Kind = "weekly"
    number: int | None = None
    signed_by: str = ""
    signed_on: dt.date | None = None
    template: Path | None = None
    rows: bool = False


def publish_issue(
    plan: Plan,
    ledger_path: str | Path,
    folder: Path,
    /,
    *,
    order: Order,
    as_of: dt.date | None,
    at: Moment,
    by: str,
    tell: Callable[[str], None],
    **scope: Any,
) -> tuple[tuple[Path, ...], Issue]:
    """Make an issue of a bulletin and keep it in the ledger; a signed one is made again as it was.

    Parameters
    ----------
    plan, ledger_path
        The plan and its ledger.
    folder
        Where the files go.
    order
        Kind, number, signature.
    as_of
        The day; None for that of the signed issue, or the plan's.
    at, by
        When and by whom it is recorded.
    tell
        Is told the name of each step.
    **scope
        ``since``, ``force_majeure`` and ``known_at`` of
        :func:`renewal_gis.pipeline.report.survey_for_report`.

    Returns
    -------
    tuple of Path, Issue
        The files, and the issue that they are.

    Raises
    ------
    InputError
        The issue is signed already and another day or signature is asked for; no day; or as
        ``survey_for_report``.
    PublishError
        The folder cannot be written, or the template lacks a key.

    Notes
    -----
    The next number is one above the highest of its kind; a draft of the same day keeps its number.
    What is signed is written to the ledger before the files are: it can be made again at any time.
    """
    kept = list_issues(ledger_path, order.kind)
    known = kept.get(order.number) if order.number is not None else None
    if known is not None and known["state"] == "signed":
        tell("取出已签发的通报")
        tree, figures = _thaw(known, order, as_of)
        issue = Issue(order.number, "signed", known["signed_by"], None)
    else:
        day = as_of or plan.default_as_of
        if day is None:
            raise InputError(
                "没有截止日期", place="--as-of", remedy="方案没有 default_as_of,请用 --as-of 指定"
            )
        survey = survey_for_report(plan, ledger_path, as_of=day, kind=order.kind, tell=tell, **scope)
        tell("编写通报")
        issue = _number(kept, order, day)
        tree = build_bulletin(survey, kind=order.kind, issue=issue)
        figures = draw_figures(survey, tree)
        forms = write_forms(tree, figures, template=order.template)
        forms |= write_proof(add_rows(survey)) if order.rows else {}
        _keep(ledger_path, kept, order, tree, figures=figures, at=at, by=by)
        return _write(folder, forms), issue
    return _write(folder, write_forms(tree, figures, template=order.template)), issue


def list_issues(ledger_path: str | Path, kind: str, /) -> dict[int, dict[str, Any]]:
    """Return the latest state of each issue of a kind, by number: the body of its record."""
    with open_ledger(ledger_path) as ledger:
        bodies = list(ledger.records(RecordKind.BULLETIN, subject=kind)["body"])
    found: dict[int, dict[str, Any]] = {}
    for body in bodies:
        if found.get(body["number"], {}).get("state") != "signed":
            found[body["number"]] = body
    return found


def _number(kept: Mapping[int, Mapping[str, Any]], order: Order, as_of: dt.date) -> Issue:
    drafts = [
        n for n, body in kept.items() if body["state"] == "draft" and body["as_of"] == as_of.isoformat()
    ]
    number = order.number or (max(drafts) if drafts else max(kept, default=0) + 1)
    if not order.signed_by:
        return Issue(number, "draft")
    return Issue(number, "signed", order.signed_by, order.signed_on)


def _thaw(body: Mapping[str, Any], order: Order, as_of: dt.date | None) -> tuple[Bulletin, dict[str, bytes]]:
    if order.signed_by:
        raise InputError(
            f"第{body['number']}期已由{body['signed_by']}签发", place="--sign", remedy="更正请另发一期"
        )
    if as_of is not None and as_of.isoformat() != body["as_of"]:
        raise InputError(
            f"第{body['number']}期已签发,截至 {body['as_of']},不能改为 {as_of}",
            place="--issue",
            remedy="重做该期请不写 --as-of;另发一期请不写 --issue",
        )
    figures = {key: base64.b64decode(text) for key, text in body["figures"].items()}
    return thaw_tree(body["tree"]), figures


def _keep(
    ledger_path: str | Path,
    kept: Mapping[int, Mapping[str, Any]],
    order: Order,
    tree: Bulletin,
    *,
    figures: Mapping[str, bytes],
    at: Moment,
    by: str,
) -> None:
    """Keep tree and state; a draft is kept without its figures, and only if it says something new."""
    record = tree.record
    signed = record["state"] == "signed"
    body = {
        **{key: record[key] for key in ("as_of", "state", "signed_by", "signed_on")},
        "number": record["issue"],
        # as text, so that the keys stay in their order and the files are the same bytes again
        "tree": freeze_tree(tree),
        "figures": {key: base64.b64encode(content).decode() for key, content in figures.items()}
        if signed
        else {},
    }
    if kept.get(record["issue"]) == body:
        return
    key = f"bulletin:{order.kind}:{record['issue']}:signed" if signed else None
    with open_ledger(ledger_path) as ledger:
        ledger.add_record(
            RecordKind.BULLETIN, subject=order.kind, date=tree.as_of, body=body, by=by, at=at, key=key
        )


def _write(folder: Path, forms: dict[str, bytes]) -> tuple[Path, ...]:
    write_set(folder, forms)
    return tuple(folder / name for name in forms)
