"""From a road file to ranked links, file to file."""

import json

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from pyproj import CRS

from conftest import ROOT
from renewal_gis import toytown
from renewal_gis.errors import CrsError, InputError, PublishError
from renewal_gis.pipeline.gaps import choose_metric, find_gaps, name_metric, run_gaps
from renewal_gis.schema import DEAD_ENDS, DEFECTS, LINKS, check_frame
from renewal_gis.vocab import DefectKind, LinkKind, Verdict

METRIC = "EPSG:4547"


@pytest.fixture(scope="module")
def town():
    """Blocks of 200 m with one street cut in the middle by 100 m: the gap."""
    lines = []
    for k in range(9):
        for j in range(8):
            lines.append([(j * 200, k * 200), ((j + 1) * 200, k * 200)])
            lines.append([(k * 200, j * 200), (k * 200, (j + 1) * 200)])
    gap = [(800, 800), (1000, 800)]
    lines.remove(gap)
    lines += [[(800, 800), (850, 800)], [(950, 800), (1000, 800)]]
    shapes = [shapely.LineString(np.asarray(line) + np.array([500_000, 4_050_000])) for line in lines]
    return gpd.GeoDataFrame(
        {"highway": ["residential"] * len(shapes), "name": "和平路"}, geometry=shapes, crs=METRIC
    )


def shift(*points):
    return [(x + 500_000, y + 4_050_000) for x, y in points]


def test_the_gap_comes_first_and_the_frames_keep_their_contracts(town):
    result = find_gaps(town)
    for frame, contract in ((result.dead_ends, DEAD_ENDS), (result.links, LINKS), (result.defects, DEFECTS)):
        check_frame(frame, contract)
    first = result.links.iloc[0]
    assert first["rank"] == 1
    assert list(result.links.columns)[: len(LINKS.columns)] == list(LINKS.columns)
    assert first["length_m"] == pytest.approx(100, abs=0.5)
    assert first["kind"] == LinkKind.END_TO_END
    # 现状绕行:50 + 200 + 200 + 200 + 50
    assert first["network_m"] == pytest.approx(700, abs=1)
    assert first["saved_m"] == pytest.approx(600, abs=1)
    assert set(result.dead_ends["verdict"]) <= {v.value for v in Verdict}
    assert len(result.dead_ends) == 2
    assert result.crs_metric == METRIC


def test_degrees_are_measured_in_the_projection_asked_for(town):
    asked = find_gaps(town.to_crs("EPSG:4490"), crs_metric=METRIC)
    assert asked.crs_metric == METRIC
    assert asked.links["length_m"].iloc[0] == pytest.approx(100, abs=0.01)
    chosen = find_gaps(town.to_crs("EPSG:4490"))
    assert "transverse Mercator" in chosen.crs_metric
    assert chosen.links["length_m"].iloc[0] == pytest.approx(100, abs=0.1)


def test_planned_rivers_households_and_districts_are_told(town):
    planned = gpd.GeoDataFrame(geometry=[shapely.LineString(shift((700, 800), (1100, 800)))], crs=METRIC)
    river = gpd.GeoDataFrame(
        {"kind": ["river"], "name": ["滏阳河"]},
        geometry=[shapely.LineString(shift((900, 0), (900, 1600)))],
        crs=METRIC,
    )
    land = gpd.GeoDataFrame(
        {"households": [250]}, geometry=[shapely.Point(shift((840, 810))[0]).buffer(5)], crs=METRIC
    )
    districts = gpd.GeoDataFrame(
        {"name": ["甲区", "乙区"]},
        geometry=[shapely.box(*shift((-99, -99))[0], *shift((899, 2000))[0]), shapely.box(*shift((899, -99))[0], *shift((2000, 2000))[0])],
        crs=METRIC,
    )  # fmt: skip
    first = find_gaps(
        town, planned=planned, barriers=river.to_crs("EPSG:4490"), land=land, districts=districts
    ).links.iloc[0]
    assert bool(first["planned"])
    assert "滏阳河" in first["barriers"]
    assert "桥梁" in first["reasons"]
    assert first["households"] == 250
    assert first["district"] == "乙区", "中点在 x=900"


def test_ledger_rows_are_matched_and_opened_ones_verified(town):
    sites = gpd.GeoDataFrame(
        {"programme": ["dead_end_road", "old_compound"], "stage": ["opened", "accepted"]},
        geometry=[shapely.LineString(shift((800, 800), (1000, 800))), shapely.Point(shift((840, 810))[0])],
        crs=METRIC, index=["D-01", "A-01"],
    )  # fmt: skip
    result = find_gaps(town, sites=sites)
    assert result.links["ledger_site"].iloc[0] == "D-01"
    assert [(f.code, f.site_id) for f in result.findings] == [("road-not-opened", "D-01")]
    assert result.links["sites_near"].iloc[0] == 1
    started = sites.assign(stage="started")
    assert find_gaps(town, sites=started).findings == ()


def test_one_line_only_gives_tables_without_links(town):
    result = find_gaps(town.iloc[:1])
    assert len(result.links) == 0
    assert {"rank", "priority", "district", "ledger_site"} <= set(result.links.columns)


def test_the_callers_roads_stay_as_they_were(town):
    before = town.copy()
    find_gaps(town)
    assert_geodataframe_equal(town, before)


def test_edges_of_roads_are_told_from_centrelines(town):
    # 每个街区画一圈路缘:街区 200 米,路宽 20 米
    blocks = [shapely.box(*shift((x + 10, y + 10))[0], *shift((x + 190, y + 190))[0]).exterior
              for x in range(0, 1000, 200) for y in range(0, 1000, 200)]  # fmt: skip
    kerbs = gpd.GeoDataFrame({"highway": "residential"}, geometry=[shapely.LineString(b) for b in blocks], crs=METRIC,
                             index=range(len(blocks)))  # fmt: skip
    assert [finding.code for finding in find_gaps(kerbs).findings] == ["road-edges"]
    assert find_gaps(town).findings == ()


def test_the_metric_projection_is_chosen_by_stated_rules(town):
    degrees = town.to_crs("EPSG:4490")
    assert choose_metric(town) == CRS(METRIC)
    assert choose_metric(town, "EPSG:4548") == CRS("EPSG:4548")
    assert "transverse Mercator" in choose_metric(degrees).name
    assert "transverse Mercator" in choose_metric(town.to_crs("EPSG:3857")).name
    with pytest.raises(CrsError, match="适用范围"):
        choose_metric(degrees, "EPSG:32760")
    with pytest.raises(CrsError, match="以度为单位"):
        choose_metric(degrees, "EPSG:4490")
    with pytest.raises(CrsError, match="没有坐标系"):
        choose_metric(town.set_crs(None, allow_override=True))


def test_a_projection_without_a_name_tells_its_zone():
    named = CRS.from_wkt(
        CRS("EPSG:32650")
        .to_wkt()
        .replace('"WGS 84 / UTM zone 50N"', '"unknown"')
        .replace('ID["EPSG",32650]', 'ID["X",1]')
    )
    assert name_metric(CRS(METRIC)) == METRIC
    assert name_metric(named) != "unknown"


@pytest.mark.parametrize("crs", [METRIC, "EPSG:4490"])
def test_files_are_written_in_the_system_of_the_roads(town, tmp_path, crs):
    town.to_crs(crs).to_parquet(tmp_path / "roads.parquet")
    summary = run_gaps(tmp_path / "roads.parquet", tmp_path / "out", crs=METRIC)
    links = gpd.read_parquet(tmp_path / "out.parquet")
    assert links.crs.to_epsg() == int(crs[5:])
    assert set(LINKS.columns) <= set(links.columns)
    layers = dict(pyogrio.list_layers(tmp_path / "out.gpkg").tolist())
    assert set(layers) == {"links", "dead_ends", "defects", "streets"}
    for layer in layers:
        frame = gpd.read_file(tmp_path / "out.gpkg", layer=layer)
        assert frame.crs.to_epsg() == int(crs[5:])
    assert len(gpd.read_file(tmp_path / "out.gpkg", layer="links")) == len(links) == summary.links
    assert summary.crs_metric == METRIC
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.gpkg", "out.parquet", "roads.parquet"]


def test_the_summary_can_be_printed_as_json(town, tmp_path):
    town.to_parquet(tmp_path / "roads.parquet")
    record = run_gaps(tmp_path / "roads.parquet", tmp_path / "out.parquet").to_record()
    told = json.loads(json.dumps(record, ensure_ascii=False, default=str))
    assert told["read"] == told["accepted"] + told["repaired"] + told["quarantined"] == len(town)
    assert told["note"] == "疑似,待现场核实"
    assert told["links_likely"] <= told["links"]


def test_a_rerun_gives_the_same_links(town, tmp_path):
    town.to_parquet(tmp_path / "roads.parquet")
    for name in ("one.parquet", "two.parquet"):
        run_gaps(tmp_path / "roads.parquet", tmp_path / name)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_an_output_format_that_cannot_be_is_refused_before_reading(tmp_path):
    with pytest.raises(InputError, match="不支持的输出格式"):
        run_gaps(tmp_path / "absent.parquet", tmp_path / "out.shp")


def test_planned_roads_of_the_file_count_as_evidence(town, tmp_path):
    import pandas as pd

    line = gpd.GeoDataFrame(
        {"highway": ["construction"]},
        geometry=[shapely.LineString(shift((800, 800), (1000, 800)))],
        crs=METRIC,
    )
    gpd.GeoDataFrame(pd.concat([town, line], ignore_index=True), crs=METRIC).to_parquet(
        tmp_path / "roads.parquet"
    )
    run_gaps(tmp_path / "roads.parquet", tmp_path / "out.parquet")
    assert bool(gpd.read_parquet(tmp_path / "out.parquet")["planned"].iloc[0])


def test_evidence_files_are_read(town, tmp_path):
    town.to_parquet(tmp_path / "roads.parquet")
    river = shapely.LineString(shift((900, 0), (900, 1600)))
    gpd.GeoDataFrame({"kind": ["river"], "name": ["沁河"]}, geometry=[river], crs=METRIC).to_crs(
        "EPSG:4490"
    ).to_file(tmp_path / "barriers.geojson")
    run_gaps(tmp_path / "roads.parquet", tmp_path / "out.parquet", barriers=tmp_path / "barriers.geojson")
    assert "沁河" in gpd.read_parquet(tmp_path / "out.parquet")["barriers"].iloc[0]


@pytest.mark.parametrize(
    "columns",
    [
        {"site_id": ["D-01"], "programme": ["dead_end_road"], "stage": ["opened"]},
        {"编号": ["D-01"], "项目类别": ["断头路"], "状态": ["已打通"]},
    ],
)
def test_a_file_of_sites_is_matched_and_verified_whatever_its_words(town, tmp_path, columns):
    town.to_parquet(tmp_path / "roads.parquet")
    road = shapely.LineString(shift((800, 800), (1000, 800)))
    gpd.GeoDataFrame(columns, geometry=[road], crs=METRIC).to_crs("EPSG:4490").to_file(
        tmp_path / "sites.geojson"
    )
    summary = run_gaps(tmp_path / "roads.parquet", tmp_path / "out.parquet", sites=tmp_path / "sites.geojson")
    assert [(f.code, f.site_id) for f in summary.findings] == [("road-not-opened", "D-01")]
    assert gpd.read_parquet(tmp_path / "out.parquet")["ledger_site"].iloc[0] == "D-01"


def test_a_failed_write_leaves_what_was_there(town, tmp_path, monkeypatch):
    town.to_parquet(tmp_path / "roads.parquet")
    (tmp_path / "out.parquet").write_text("旧")

    def fail(self, path, **options):
        path.write_text("半")
        raise OSError(28, "磁盘已满")

    monkeypatch.setattr(gpd.GeoDataFrame, "to_parquet", fail)
    with pytest.raises(PublishError, match="磁盘已满"):
        run_gaps(tmp_path / "roads.parquet", tmp_path / "out.parquet")
    assert (tmp_path / "out.parquet").read_text() == "旧"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.parquet", "roads.parquet"]


def test_the_toy_town_has_its_one_true_gap():
    result = find_gaps(toytown.make_roads(), crs_metric=toytown.METRIC_CRS, sites=toytown.make_sites())
    assert len(result.links) == 1
    xy = shapely.get_coordinates(result.links.geometry.iloc[0]) - toytown.ORIGIN
    assert xy == pytest.approx(np.array([(1180, 800), (1400, 800)]), abs=0.01)
    assert result.links["ledger_site"].iloc[0] == "A-12"
    assert dict(zip(result.dead_ends["highway"], result.dead_ends["verdict"], strict=True)) == {
        "secondary": Verdict.CANDIDATE, "service": Verdict.EXEMPT, "residential": Verdict.SHEET_EDGE,
    }  # fmt: skip


def test_a_street_drawn_twice_is_told_among_the_defects(tmp_path):
    toytown.make_roads().to_parquet(tmp_path / "roads.parquet")
    summary = run_gaps(tmp_path / "roads.parquet", tmp_path / "out.gpkg", crs=toytown.METRIC_CRS)
    assert summary.defects == {DefectKind.DUPLICATE: 1}
    assert gpd.read_file(tmp_path / "out.gpkg", layer="defects")["kind"].tolist() == ["duplicate"]


def test_the_ledgers_roads_are_among_the_first_thirty():
    folder = ROOT / "data" / "sites"
    if not (folder / "roads.simulated.parquet").is_file():
        pytest.skip("没有模拟路网")
    ledger = gpd.read_file(folder / "dead_end_road.simulated.geojson").set_index("编号")
    ledger = ledger.assign(programme="dead_end_road")
    result = find_gaps(
        gpd.read_parquet(folder / "roads.simulated.parquet"), crs_metric=METRIC, sites=ledger,
        barriers=gpd.read_file(folder / "barriers.simulated.geojson"),
        land=gpd.read_parquet(folder / "land.simulated.parquet"),
    )  # fmt: skip
    first = result.links[result.links["rank"] <= 30]
    assert set(first["ledger_site"]) - {""} == set(ledger.index)
    assert len(ledger) == 7


@pytest.mark.parametrize(
    "name",
    ["shenzhen_futian_osmnx_2023.graphml", "shenzhen_nanshan_20210317.osm", "chengdu_sumo_osm_wgs84.parquet"],
)
def test_the_reference_networks_pass(shared, tmp_path, name):
    summary = run_gaps(shared / "data" / "roads" / name, tmp_path / "out")
    assert summary.read == summary.accepted + summary.repaired + summary.quarantined
    assert summary.seconds < 60
    assert "transverse Mercator" in summary.crs_metric
