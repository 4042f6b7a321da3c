"""Survey to files: everything is rendered first, then put in place, the manifest last."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import platform
import re
import sqlite3
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from renewal_gis import __version__
from renewal_gis.errors import InputError, MissingFileError
from renewal_gis.files import DRAFTS, write_set
from renewal_gis.findings import Report
from renewal_gis.vocab import CITY, ListingState, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from renewal_gis.render.bulletin import Kind
    from renewal_gis.render.paper import Bulletin, Issue
    from renewal_gis.survey import Survey

LOG = logging.getLogger(__name__)

MANIFEST = "manifest.json"
BUILT_FIGURES = ("status", "progress", "pace", "targets", "burnup", "gaps", "coverage")
"""What a build draws; the rest, other pages and single units are made by ``renewal-gis figure``."""
VERSIONED = ("geopandas", "shapely", "pyproj", "pandas", "numpy", "pyogrio", "folium", "matplotlib")


@dataclass(frozen=True)
class Look:
    """How the status page is made: ``zh`` or ``en``, ``internal`` or ``public``, with which online basemaps."""

    lang: str = "zh"
    profile: str = "internal"
    basemaps: tuple[str, ...] = ()


USUAL = Look()


@dataclass(frozen=True)
class Published:
    """What was written, and what the manifest says of it."""

    folder: Path
    files: tuple[Path, ...]
    manifest: dict[str, Any]


def publish_survey(
    survey: Survey,
    folder: Path,
    *,
    inputs: Iterable[Path],
    ledger_path: str | Path,
    tell: Callable[[str], None],
    look: Look = USUAL,
) -> Published:
    """Write every product of a survey, and the manifest.

    Nothing is put in place before all of it is rendered and lies on the disk; then each file is
    replaced whole, the manifest last. A crash in between leaves a manifest that does not agree with
    its files: :func:`check_outputs` tells.

    Parameters
    ----------
    survey
        What is shown.
    folder
        Where; it is made if need be.
    inputs
        The files that the survey was made from, for the manifest.
    ledger_path
        The ledger that was looked at, a file or a server's address, for the manifest.
    tell
        Is told the name of each step.
    look
        How the status page is made. A ``public`` one is the only product, as
        :func:`renewal_gis.render.webmap.public.take_public` allows it.

    Raises
    ------
    PublishError
        The folder cannot be written.
    PlanError
        A public page without a map approval number (审图号).
    """
    products = _render(survey, tell, look)
    tell("写出成果")
    _tell_of_before(folder)
    manifest = make_manifest(survey, folder, inputs=inputs, products=products, ledger_path=ledger_path)
    told = {MANIFEST: (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode()}
    write_set(folder, products | told)
    files = tuple(folder / name for name in products)
    ledger = () if is_address(ledger_path) else (Path(ledger_path),)
    return Published(folder, (*files, *ledger, folder / MANIFEST), manifest)


def _render(survey: Survey, tell: Callable[[str], None], look: Look) -> dict[str, bytes]:
    """Render each product to bytes, by its path below the output folder."""
    # matplotlib, folium and docx take a second to import: only who publishes pays for them
    from renewal_gis.render import figures, layers  # noqa: PLC0415
    from renewal_gis.render.webmap import pages  # noqa: PLC0415
    from renewal_gis.render.webmap.photos import list_beside  # noqa: PLC0415

    products: dict[str, bytes] = {}
    tell("绘制网页地图")
    products["maps/index.html"] = pages.write_index(
        survey, lang=look.lang, profile=look.profile, basemaps=look.basemaps
    ).encode()
    if look.profile == "public":
        return products
    products |= {f"maps/{name}": content for name, content in list_beside(survey.sites).items()}
    products["maps/gaps.html"] = pages.write_gaps(survey).encode()
    products["maps/coverage.html"] = pages.write_coverage(survey).encode()
    tell("绘制插图")
    for name in figures.list_drawable(survey):
        if name in BUILT_FIGURES:
            products[f"figures/{name}.png"] = figures.draw_figure(survey, name)
    tell("编写周通报")
    reports = render_bulletin(survey, kind="weekly", figure=products["figures/status.png"])
    products |= {f"reports/{name}": content for name, content in reports.items()}
    products |= {f"reports/{name}": content for name, content in write_proof(survey).items()}
    tell("编制图层")
    products |= {f"layers/{name}": content for name, content in layers.write_layers(survey).items()}
    dossiers, _ = render_dossiers(survey, list_supervised(survey))
    return products | {f"dossiers/{name}": content for name, content in dossiers.items()}


def write_proof(survey: Survey) -> dict[str, bytes]:
    """Return what proves the numbers: the findings with the rows behind each target, and these as CSV."""
    from renewal_gis.render import office, proof  # noqa: PLC0415

    book = office.write_findings(
        survey.findings, as_of=survey.as_of, more=proof.make_sheets(survey.balances, survey.rows)
    )
    return {"findings.xlsx": book, "rows.csv": proof.write_rows(survey.rows)}


def render_bulletin(
    survey: Survey, *, kind: Kind, figure: bytes, issue: Issue | None = None
) -> dict[str, bytes]:
    """Return a bulletin in every form, by file name; all are written from the same tree.

    Parameters
    ----------
    survey
        What is reported.
    kind
        ``weekly``, ``monthly`` or ``supervision``.
    figure
        The status map, PNG.
    issue
        Number and state of the issue; without it a preview with a blank for the number.
    """
    from renewal_gis.render import bulletin  # noqa: PLC0415

    tree = bulletin.build_bulletin(survey, kind=kind, issue=issue or bulletin.PREVIEW)
    return write_forms(tree, {bulletin.STATUS_FIGURE: figure})


def publish_coverage(survey: Survey, folder: Path) -> tuple[Path, ...]:
    """Write what is known of coverage: page, workbook, layers and the numbers by key.

    Raises
    ------
    PublishError
        The folder cannot be written.
    """
    from renewal_gis.render import coverage_layers, coverage_tables, workbook  # noqa: PLC0415
    from renewal_gis.render.webmap import pages  # noqa: PLC0415

    products = {
        "coverage.html": pages.write_coverage(survey).encode(),
        "coverage.xlsx": workbook.write_xlsx(coverage_tables.build_tables(survey)),
        "coverage.gpkg": coverage_layers.write_layers(survey),
        "coverage.json": coverage_tables.write_json(survey),
    }
    write_set(folder, products)
    return tuple(folder / name for name in products)


def draw_figures(survey: Survey, tree: Bulletin) -> dict[str, bytes]:
    """Draw the figures that a bulletin has a place for, PNG by key."""
    from renewal_gis.render import printmap  # noqa: PLC0415

    return {slot.key: printmap.draw_status(survey) for slot in tree.figures()}


def write_forms(
    tree: Bulletin, figures: Mapping[str, bytes], *, template: Path | None = None
) -> dict[str, bytes]:
    """Return docx, xlsx, html and json of a bulletin's tree, by file name.

    Parameters
    ----------
    tree
        The bulletin.
    figures
        PNG by the key of its slot.
    template
        A docx of the office that is filled instead of ours.

    Raises
    ------
    PublishError
        A figure is missing, or the template asks for something that the bulletin does not have.
    """
    from renewal_gis.render import bulletin_html, bulletin_json, office, template_docx  # noqa: PLC0415

    name = f"{tree.record['kind']}-{tree.as_of.isoformat()}"
    docx = (
        office.write_docx(tree, figures)
        if template is None
        else template_docx.fill_template(tree, figures, template)
    )
    return {
        "bulletin.json": bulletin_json.write_json(tree),
        f"{name}.docx": docx,
        f"{name}.xlsx": office.write_xlsx(tree),
        f"{name}.html": bulletin_html.write_html(tree, figures),
    }


def list_supervised(survey: Survey) -> list[str]:
    """Return the sites that are on the board by themselves and not delisted, in the ledger's order."""
    board = survey.supervised
    named = set(board.loc[board["state"] != ListingState.DELISTED.value, "site_id"]) if len(board) else set()
    return [str(site_id) for site_id in survey.sites.index if site_id in named]


def render_dossiers(survey: Survey, site_ids: Iterable[str]) -> tuple[dict[str, bytes], list[str]]:
    """Return the dossiers of sites by file name, docx and html, and what was wrong with their photographs.

    Raises
    ------
    InputError
        The ledger has no such site; nothing is rendered then.
    """
    from renewal_gis.render import dossier, dossier_docx, dossier_html, placemap  # noqa: PLC0415
    from renewal_gis.render.canvas import Paper  # noqa: PLC0415

    trees = [dossier.build_dossier(survey, site_id) for site_id in dict.fromkeys(site_ids)]
    paper = Paper(*dossier_docx.MAP_MM)
    products: dict[str, bytes] = {}
    for tree in trees:
        place = placemap.draw_place(survey, tree.site_id, paper=paper)
        name = dossier.name_file(tree.site_id)
        products[f"{name}.docx"] = dossier_docx.write_docx(tree, place)
        products[f"{name}.html"] = dossier_html.write_html(tree, place)
    return products, [fault for tree in trees for fault in tree.faults]


def publish_dossiers(
    survey: Survey, folder: Path, site_ids: Iterable[str]
) -> tuple[tuple[Path, ...], list[str]]:
    """Write dossiers into a folder; see :func:`render_dossiers`.

    Raises
    ------
    InputError
        The ledger has no such site.
    PublishError
        The folder cannot be written.
    """
    products, faults = render_dossiers(survey, site_ids)
    write_set(folder, products)
    return tuple(folder / name for name in products), faults


def make_manifest(
    survey: Survey,
    folder: Path,
    *,
    inputs: Iterable[Path],
    products: Mapping[str, bytes],
    ledger_path: str | Path,
) -> dict[str, Any]:
    """Say what was made of what.

    ``ledger`` names the entry of ``outputs`` that lives on and may differ later. ``counts`` holds, per target, the figures of the whole city in the target's measure;
    ``task`` is null where the plan gives none.
    """
    plan = survey.plan
    severities = [str(finding.severity) for finding in survey.findings]
    ledger = [] if is_address(ledger_path) else [describe_ledger(Path(ledger_path), folder)]
    return {
        "plan": {"id": plan.id, "title": plan.title, "city": plan.city},
        "as_of": survey.as_of.isoformat(),
        "simulated": survey.simulated,
        "versions": _versions(),
        "inputs": [_describe(path, plan.folder.parent) for path in sorted(set(inputs))],
        "outputs": [*(_weigh(name, content) for name, content in products.items()), *ledger],
        "ledger": ledger[0]["path"] if ledger else hide_password(str(ledger_path)),
        "counts": _count_targets(survey.progress),
        "findings": {str(severity): severities.count(severity) for severity in Severity},
    }


def _count_targets(progress: pd.DataFrame) -> dict[str, dict[str, Any]]:
    city = progress.loc[progress["unit"] == CITY].set_index("target")
    keys = ("task", "ledger", "located", "unlocated", "done")
    return {
        str(target): {
            **{key: None if pd.isna(row[key]) else int(row[key]) for key in keys},
            "measure": str(row["measure"]),
        }
        for target, row in city.iterrows()
    }


def _versions() -> dict[str, str]:
    found = {name: metadata.version(name) for name in VERSIONED}
    return {"renewal_gis": __version__, "python": platform.python_version(), **found}


def is_address(place: str | Path, /) -> bool:
    """Return whether a ledger is on a server."""
    return "://" in str(place)


def hide_password(address: str, /) -> str:
    """Return a server's address without its password.

    Examples
    --------
    >>> hide_password("postgresql://clerk:secret@host/ledger")
    'postgresql://clerk@host/ledger'
    """
    return re.sub(r"(://[^:@/]*):[^@/]*@", r"\1@", address)


def describe_ledger(path: Path, folder: Path, /) -> dict[str, Any]:
    """Return the manifest's entry of a ledger file: path, bytes, sha256.

    SQLite itself reads the bytes. Opening and closing the file in any other way would drop the
    locks of whoever holds a transaction in this process.
    """
    shown = path.relative_to(folder) if path.is_relative_to(folder) else Path(path.name)
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as base:
        return _weigh(shown.as_posix(), base.serialize())


def _describe(path: Path, base: Path) -> dict[str, Any]:
    shown = path.relative_to(base) if path.is_relative_to(base) else Path(path.name)
    return _weigh(shown.as_posix(), path.read_bytes())


def _weigh(name: str, content: bytes) -> dict[str, Any]:
    return {"path": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _tell_of_before(folder: Path) -> None:
    """Say that the last run did not end, or that someone changed its files; all are replaced now."""
    with contextlib.suppress(MissingFileError, InputError):
        stale = [finding for finding in check_outputs(folder) if finding.severity is Severity.ERROR]
        if stale:
            LOG.warning(
                "%s 中有 %d 个文件与上次的清单不符(上次中断,或文件被改动),现在全部重写", folder, len(stale)
            )


def check_outputs(folder: Path, /) -> Report:
    """Return what differs between a folder of products and its manifest; empty if all of one run is there.

    Parameters
    ----------
    folder
        What :func:`publish_survey` wrote. The ledger, which lives on, is not compared.

    Raises
    ------
    MissingFileError
        No manifest is there.
    InputError
        The manifest is not ours.
    """
    target = folder / MANIFEST
    if not target.is_file():
        raise MissingFileError("没有成果清单", place=str(target), remedy="请指定 build 的输出文件夹")
    try:
        manifest = json.loads(target.read_text(encoding="utf-8"))
        entries = [entry for entry in manifest["outputs"] if entry["path"] != manifest.get("ledger")]
        listed = {str(entry["path"]): str(entry["sha256"]) for entry in entries}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("不是成果清单", place=str(target), remedy="请重新运行 build") from error
    report = Report()
    for name, seal in listed.items():
        path = folder / name
        if not path.is_file():
            report.add("output-missing", file=name, value=name)
        elif hashlib.sha256(path.read_bytes()).hexdigest() != seal:
            report.add("output-mixed", file=name, value=name)
    for _ in folder.glob(f"{DRAFTS}*"):
        report.add("output-leftover", file=folder.name)
        break
    return report
