"""A ready QGIS project beside the GeoPackage, written as XML: no QGIS is needed to make it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from pyproj import CRS

from renewal_gis.render import qgis_style, style
from renewal_gis.schema import STORED_CRS
from renewal_gis.vocab import BOUNDARY_NOTE, INTERNAL, SIMULATED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from renewal_gis.plan import Plan
    from renewal_gis.render.qgis_style import Look

_GEOMETRY_NAMES = {"marker": "Point", "line": "Line", "fill": "Polygon"}
_STAMP = (1980, 1, 1, 0, 0, 0)
_MARGIN = 0.03


@dataclass(frozen=True)
class Sheet:
    """One layer of the project.

    Parameters
    ----------
    name
        What the tree shows.
    table
        Layer of the GeoPackage.
    look
        How it is drawn.
    fields
        Its fields, for their aliases.
    subset
        Which rows, in SQL; "" for all.
    shown
        Whether it is switched on.
    from_scale
        Denominator of the smallest scale at which it is drawn; 0 for every scale.
    """

    name: str
    table: str
    look: Look
    fields: tuple[str, ...]
    subset: str = ""
    shown: bool = True
    from_scale: int = 0


def write_project(
    plan: Plan,
    groups: Mapping[str, Sequence[Sheet]],
    /,
    *,
    title: str,
    simulated: bool,
    bounds: tuple[float, float, float, float],
    database: str,
) -> bytes:
    """Return a ``.qgz`` project.

    Parameters
    ----------
    plan
        Lends the projection that the map is shown in.
    groups
        Layers by the group in which the tree shows them, the uppermost first.
    title
        Title of the project, with its day.
    simulated
        Whether the map must say so.
    bounds
        West, south, east, north of what is shown first, in ``plan.crs_metric``.
    database
        File name of the GeoPackage; the project looks for it in its own folder.

    Returns
    -------
    bytes
        The same layers give the same bytes.
    """
    root = ET.Element("qgis", projectname=title, version=qgis_style.VERSION)
    ET.SubElement(root, "homePath", path="")
    ET.SubElement(root, "title").text = title
    _write_crs(ET.SubElement(root, "projectCrs"), plan.crs_metric)
    tree = ET.SubElement(root, "layer-tree-group")
    layers = ET.Element("projectlayers")
    order: list[str] = []
    for group, sheets in groups.items():
        branch = ET.SubElement(tree, "layer-tree-group", name=group, checked="Qt::Checked", expanded="0")
        for sheet in sheets:
            number = f"renewal_layer_{len(order) + 1:03d}"  # QGIS drops ids of ten letters and fewer
            order.append(number)
            _write_leaf(branch, sheet, number, database)
            _write_layer(layers, sheet, number, database)
    _write_canvas(root, plan, bounds)
    root.append(layers)
    drawn = ET.SubElement(root, "layerorder")
    for number in order:
        ET.SubElement(drawn, "layer", id=number)
    _write_properties(root, title, simulated=simulated)
    ET.indent(root)
    head = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return _zip(head + ET.tostring(root, encoding="unicode"), database.rsplit(".", 1)[0] + ".qgs")


def list_programmes(
    plan: Plan, found: Iterable[tuple[str, str]], /, *, fields: tuple[str, ...]
) -> dict[str, list[Sheet]]:
    """Return one group for each programme, with one sheet for each kind of geometry that it has.

    Parameters
    ----------
    plan
        The programmes, in their order.
    found
        Pairs of a programme's short name and 点, 线 or 面.
    fields
        Fields of the layers of sites.
    """
    there = set(found)
    groups: dict[str, list[Sheet]] = {}
    for programme in plan.programmes:
        kinds = [kind for kind in qgis_style.GEOMETRIES if (programme.short, kind) in there]
        quoted = programme.short.replace("'", "''")
        sheets = [
            Sheet(
                programme.short if len(kinds) == 1 else f"{programme.short}({kind})",
                SITE_VIEWS[kind],
                qgis_style.stage_look(kind, programme),
                fields,
                f"\"专项\" = '{quoted}'",
            )
            for kind in kinds
        ]
        if sheets:
            groups[programme.short] = sheets
    return groups


SITE_VIEWS: Mapping[str, str] = {"点": "sites_point", "线": "sites_line", "面": "sites_polygon"}
"""Views of the layer ``sites``, one for each kind of geometry: QGIS draws no layer of several kinds."""


def _write_crs(node: ET.Element, name: str) -> None:
    system = ET.SubElement(node, "spatialrefsys", nativeFormat="Wkt")
    ET.SubElement(system, "wkt").text = CRS.from_user_input(name).to_wkt()
    ET.SubElement(system, "srsid").text = "1"  # any number will do, but without one the next line is not read
    ET.SubElement(system, "authid").text = name


def _source(sheet: Sheet, database: str) -> str:
    return f"./{database}|layername={sheet.table}" + (f"|subset={sheet.subset}" if sheet.subset else "")


def _write_leaf(branch: ET.Element, sheet: Sheet, number: str, database: str) -> None:
    words = {"id": number, "name": sheet.name, "source": _source(sheet, database), "providerKey": "ogr"}
    state = "Qt::Checked" if sheet.shown else "Qt::Unchecked"
    ET.SubElement(branch, "layer-tree-layer", words, checked=state, expanded="0")


def _write_layer(layers: ET.Element, sheet: Sheet, number: str, database: str) -> None:
    kind = _GEOMETRY_NAMES[sheet.look.geometry]
    layer = ET.SubElement(layers, "maplayer", type="vector", geometry=kind)
    if sheet.from_scale:
        layer.set("hasScaleBasedVisibilityFlag", "1")
        layer.set("minScale", str(sheet.from_scale))
        layer.set("maxScale", "0")
    ET.SubElement(layer, "id").text = number
    ET.SubElement(layer, "datasource").text = _source(sheet, database)
    ET.SubElement(layer, "layername").text = sheet.name
    _write_crs(ET.SubElement(layer, "srs"), STORED_CRS)
    ET.SubElement(layer, "provider", encoding="UTF-8").text = "ogr"
    qgis_style.dress_layer(layer, sheet.look, fields=sheet.fields)
    if "名称" in sheet.fields:
        ET.SubElement(layer, "previewExpression").text = '"名称"'


def _write_canvas(root: ET.Element, plan: Plan, bounds: tuple[float, float, float, float]) -> None:
    canvas = ET.SubElement(root, "mapcanvas", name="theMapCanvas", annotationsVisible="1")
    ET.SubElement(canvas, "units").text = "meters"
    west, south, east, north = bounds
    wide, high = (east - west) * _MARGIN, (north - south) * _MARGIN
    extent = ET.SubElement(canvas, "extent")
    sides = {"xmin": west - wide, "ymin": south - high, "xmax": east + wide, "ymax": north + high}
    for name, side in sides.items():
        ET.SubElement(extent, name).text = f"{side:.1f}"
    ET.SubElement(canvas, "rotation").text = "0"
    _write_crs(ET.SubElement(canvas, "destinationsrs"), plan.crs_metric)


def _write_properties(root: ET.Element, title: str, *, simulated: bool) -> None:
    """Relative paths, and what every map of the house must say: on the map itself, as decorations."""
    notes = [*([SIMULATED] if simulated else []), INTERNAL, BOUNDARY_NOTE]
    words: dict[str, dict[str, tuple[str, str]]] = {
        "Paths": {"Absolute": ("bool", "false")},
        "SpatialRefSys": {"ProjectionsEnabled": ("int", "1")},
        "TitleLabel": {
            "Enabled": ("bool", "true"),
            "Label": ("QString", title),
            "Placement": ("int", "4"),
        },
        "CopyrightLabel": {"Enabled": ("bool", "true"), "Label": ("QString", ";".join(notes))},
        "ScaleBar": {"Enabled": ("bool", "true")},
    }
    properties = ET.SubElement(root, "properties")
    for group, entries in words.items():
        node = ET.SubElement(properties, group)
        for name, (kind, value) in entries.items():
            ET.SubElement(node, name, type=kind).text = value
    metadata = ET.SubElement(root, "projectMetadata")
    ET.SubElement(metadata, "title").text = title
    ET.SubElement(metadata, "abstract").text = ";".join(notes)
    ET.SubElement(root, "projectBackground").text = style.PAPER


def _zip(project: str, name: str) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        entry = zipfile.ZipInfo(name, _STAMP)
        entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        archive.writestr(entry, project.encode())
    return sink.getvalue()
