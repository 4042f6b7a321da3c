# ruff: noqa: S311, DTZ005  # the dice are seeded; a file of tomorrow needs today
"""Files as a hostile or a hurried office would send them, made by code; what must become of each stands above it.

KML and other formats, districts, events, roads, exports, paths.
"""

import datetime as dt
import json
import os
import random
import zipfile

import geopandas as gpd
import shapely
from shapely.geometry import Point, Polygon, box

from hostile_support import H, S, case, districts, gdf, gj, rows, wcsv, wxlsx


def marks(rs, extra=None):
    return "".join(
        f"<Placemark><name>{r[1]}</name><description>{r[0]}</description>{extra or ''}<Point><coordinates>{r[8]},{r[9]},0</coordinates></Point></Placemark>"
        for r in rs
    )


def kml(p, body, enc="utf-8", head='<?xml version="1.0" encoding="UTF-8"?>'):
    p.write_bytes(
        (head + '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>' + body + "</Document></kml>").encode(
            enc
        )
    )
    return p


@case(want="accept", also="reject;repair", hint="", keep="丛台更新片区01")
def kml_gbk(d):
    return kml(d / "s.kml", marks(rows()), "gbk", '<?xml version="1.0" encoding="GBK"?>')


@case(want="accept", also="reject;repair", hint="")
def kml_gb_undeclared(d):
    return kml(d / "s.kml", marks(rows()), "gbk")


@case(want="accept", also="reject;repair")
def kml_utf16(d):
    return kml(d / "s.kml", marks(rows()), "utf-16", '<?xml version="1.0" encoding="UTF-16"?>')


@case(want="quarantine", also="reject", hint="坐标|coordinate|图形")
def kml_bad_coords(d):
    return kml(
        d / "s.kml",
        marks(rows()).replace("114.537168,", "abc,", 1).replace("114.43044,36", "114.43044 36", 1),
    )


@case(want="repair", also="reject;quarantine", hint="经纬度|swap|颠倒|坐标|范围")
def kml_swapped(d):
    rs = rows()
    for r in rs:
        r[8], r[9] = r[9], r[8]
    return kml(d / "s.kml", marks(rs))


@case(want="quarantine", also="repair;accept;reject", hint="track|图形|类型|几何|图形类型")
def kml_track_model(d):
    return kml(
        d / "s.kml",
        marks(rows()[:29])
        + '<Placemark><name>x</name><description>HD-9</description><gx:Track xmlns:gx="http://www.google.com/kml/ext/2.2"><gx:coord>114.5 36.5 0</gx:coord></gx:Track></Placemark>',
    )


@case(want="accept", also="reject;repair", hint="", nots="PWNED_FETCH")
def kml_remote_style(d):
    return kml(
        d / "s.kml",
        '<Style id="a"><IconStyle><Icon><href>http://127.0.0.1:18099/i.png</href></Icon></IconStyle></Style><styleUrl>http://127.0.0.1:18099/s.kml#a</styleUrl>'
        + marks(rows()),
    )


@case(want="accept", also="repair;reject", hint="")
def kml_groundoverlay(d):
    return kml(
        d / "s.kml",
        "<GroundOverlay><Icon><href>http://127.0.0.1:18099/i.png</href></Icon></GroundOverlay>"
        + marks(rows()),
    )


@case(want="reject", hint="XML|parse|损坏")
def kml_truncated(d):
    p = kml(d / "s.kml", marks(rows()))
    b = p.read_bytes()
    p.write_bytes(b[: len(b) // 2])
    return p


@case(want="reject", hint="nest|嵌套|XML|parse|depth")
def kml_deep(d):
    return kml(d / "s.kml", "<Folder>" * 5000 + marks(rows()) + "</Folder>" * 5000)


@case(want="accept", also="repair", hint="")
def kmz_ok(d):
    kml(d / "doc.kml", marks(rows()))
    with zipfile.ZipFile(d / "s.kmz", "w") as z:
        z.write(d / "doc.kml", "doc.kml")
        z.writestr("files/a.png", b"x")
    (d / "doc.kml").unlink()
    return d / "s.kmz"


@case(want="reject", hint="DOCTYPE|entity|实体|XML|DTD", nots="root:x:0")
def kmz_xxe(d):
    (d / "doc.kml").write_text(
        '<!DOCTYPE k [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml><Document><Placemark><name>&x;</name></Placemark></Document></kml>'
    )
    with zipfile.ZipFile(d / "s.kmz", "w") as z:
        z.write(d / "doc.kml", "doc.kml")
    (d / "doc.kml").unlink()
    return d / "s.kmz"


@case(want="reject", hint="DOCTYPE|entity|实体|XML|DTD", nots="root:x:0")
def kml_xxe_utf7_utf16(d):
    p = d / "s.kml"
    p.write_text(
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE k [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml><Document><Placemark><name>&x;</name></Placemark></Document></kml>',
        encoding="utf-16-le",
    )
    return p


@case(want="accept", also="repair;reject", hint="")
def gml_ok(d):
    gdf().to_file(d / "s.gml", engine="pyogrio", driver="GML")
    (d / "s.xsd").unlink(missing_ok=True)
    return d / "s.gml"


@case(want="reject", hint="xlink|XML|外部|引用", also="accept")
def gml_xlink(d):
    p = gml_ok(d)
    p.write_text(
        p.read_text().replace(
            "<gml:boundedBy>", '<x xlink:href="http://127.0.0.1:18099/x"/><gml:boundedBy>', 1
        )
    )
    return p


@case(want="accept", also="repair;reject", hint="")
def gml_schema_location(d):
    p = gml_ok(d)
    p.write_text(
        p.read_text().replace(
            'xsi:schemaLocation="', 'xsi:schemaLocation="http://x http://127.0.0.1:18099/x.xsd ', 1
        )
    )
    return p


@case(want="reject", hint="DOCTYPE|entity|实体|XML|DTD")
def gml_bomb(d):
    (d / "s.gml").write_text(
        '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    )
    return d / "s.gml"


@case(want="accept", also="repair", hint="")
def fgb_ok(d):
    gdf().to_file(d / "s.fgb", engine="pyogrio")
    return d / "s.fgb"


@case(want="reject", hint="损坏|corrupt|不完整|记录|truncat")
def fgb_truncated(d):
    p = fgb_ok(d)
    b = p.read_bytes()
    p.write_bytes(b[: len(b) * 3 // 4])
    return p


@case(want="accept", also="repair", hint="")
def parquet_ok(d):
    gdf().to_parquet(d / "s.parquet")
    return d / "s.parquet"


@case(want="reject", hint="损坏|corrupt|parquet")
def parquet_truncated(d):
    p = parquet_ok(d)
    b = p.read_bytes()
    p.write_bytes(b[: len(b) // 2])
    return p


@case(want="reject", hint="坐标系|CRS|crs")
def parquet_no_crs(d):
    f = gdf().set_crs(None, allow_override=True)
    f.to_parquet(d / "s.parquet")
    return d / "s.parquet"


@case(want="reject", hint="坐标系|CRS|编号|列|字段")
def dxf_points(d):
    f = gdf(crs=4547)[["geometry"]]
    f["Layer"] = "x"
    f.to_file(d / "s.dxf", engine="pyogrio", driver="DXF")
    return d / "s.dxf"


@case(want="reject", also="accept;repair", hint="坐标系|CRS|格式|编号|topojson|TopoJSON")
def topojson_sites(d):
    (d / "s.json").write_text(
        json.dumps(
            {
                "type": "Topology",
                "arcs": [],
                "objects": {
                    "s": {
                        "type": "GeometryCollection",
                        "geometries": [
                            {
                                "type": "Point",
                                "coordinates": [r[8], r[9]],
                                "properties": dict(zip(H[:8], r[:8], strict=False)),
                            }
                            for r in rows()
                        ],
                    }
                },
            }
        ),
        encoding="utf-8",
    )
    return d / "s.json"


@case(want="accept", also="repair;reject", hint="")
def osm_sites(d):
    (d / "s.osm").write_text(
        '<osm version="0.6">'
        + "".join(
            f'<node id="{i + 1}" lat="{r[9]}" lon="{r[8]}" version="1"><tag k="编号" v="{r[0]}"/><tag k="name" v="{r[1]}"/></node>'
            for i, r in enumerate(rows())
        )
        + "</osm>",
        encoding="utf-8",
    )
    return d / "s.osm"


@case(want="reject", hint="格式|format|不支持")
def unknown_suffix(d):
    (d / "s.docx").write_bytes(b"PK\x03\x04xx")
    return d / "s.docx"


@case(want="reject", hint="格式|format|不支持")
def pdf(d):
    (d / "s.pdf").write_bytes(b"%PDF-1.4")
    return d / "s.pdf"


@case(want="reject", hint="普通文件|文件|device|fifo|设备")
def fifo(d):
    os.mkfifo(d / "s.csv")
    return d / "s.csv"


@case(want="reject", hint="普通文件|文件夹|目录|format|格式|gdb")
def folder_as_csv(d):
    (d / "s.csv").mkdir()
    return d / "s.csv"


@case(want="reject", also="accept", hint="链接|symlink|格式|文件|后缀")
def symlink_passwd(d):
    (d / "s.csv").symlink_to("/etc/passwd")
    return d / "s.csv"


@case(want="reject", hint="普通文件|文件|设备")
def symlink_zero(d):
    (d / "s.csv").symlink_to("/dev/zero")
    return d / "s.csv"


@case(want="reject", hint="VRT|格式|format", nots="root:x:0")
def vrt_as_kml(d):
    (d / "s.kml").write_text(
        '<OGRVRTDataSource><OGRVRTLayer name="passwd"><SrcDataSource>CSV:/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    )
    return d / "s.kml"


@case(want="reject", hint="VRT|格式|format", nots="root:x:0")
def vrt_comment_prefix(d):
    (d / "s.geojson").write_text(
        "<!--"
        + "x" * 6000
        + '--><OGRVRTDataSource><OGRVRTLayer name="passwd"><SrcDataSource>CSV:/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    )
    return d / "s.geojson"


@case(want="reject", hint="VRT|格式|format|XML", nots="root:x:0")
def vrt_in_zip(d):
    with zipfile.ZipFile(d / "s.zip", "w") as z:
        z.writestr(
            "a.geojson",
            '<OGRVRTDataSource><OGRVRTLayer name="passwd"><SrcDataSource>CSV:/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>',
        )
    return d / "s.zip"


@case(want="reject", hint="VRT|格式|format|XML|gml", nots="root:x:0")
def vrt_as_gml(d):
    (d / "s.gml").write_text(
        '\n\n<OGRVRTDataSource><OGRVRTLayer name="passwd"><SrcDataSource>CSV:/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    )
    return d / "s.gml"


@case(want="reject", hint="格式|format|JSON|路径|path", also="accept")
def geojson_url_string(d):
    (d / "s.geojson").write_text('"http://127.0.0.1:18099/x.geojson"')
    return d / "s.geojson"


# ---------- districts
@case("districts", n=4)
def dist_ok(d):
    return districts(d / "d.gpkg")


@case("districts", n=4, want="reject", hint="坐标系|CRS")
def dist_no_crs(d):
    p = districts(d / "d.shp")
    (d / "d.prj").unlink()
    return p


@case("districts", n=4, want="reject", also="quarantine", hint="类型|polygon|面|图形")
def dist_points(d):
    return districts(d / "d.gpkg", shapes=[Point(114.45 + 0.02 * i, 36.55) for i in range(4)])


@case("districts", n=4, want="quarantine", also="reject", hint="null|空|图形")
def dist_null(d):
    p = districts(d / "d.geojson")
    j = json.loads(p.read_text())
    j["features"][1]["geometry"] = None
    p.write_text(json.dumps(j))
    return p


@case("districts", n=4, want="quarantine", also="reject;repair", hint="名称|name|空|缺")
def dist_blank_name(d):
    return districts(d / "d.gpkg", names=["丛台区", "邯山区", None, "永年区"])


@case("districts", n=4, want="reject", also="quarantine;accept", hint="名称|单位|不在|未知|方案")
def dist_unknown_name(d):
    return districts(d / "d.gpkg", names=["丛台区", "邯山区", "海淀区", "永年区"])


@case("districts", n=4, want="repair", also="quarantine", hint="self|自相交|invalid")
def dist_bowtie(d):
    return districts(
        d / "d.gpkg",
        shapes=[
            Polygon([(114.42, 36.5), (114.51, 36.56), (114.51, 36.5), (114.42, 36.56)]),
            box(114.51, 36.50, 114.60, 36.56),
            box(114.42, 36.56, 114.51, 36.62),
            box(114.51, 36.56, 114.60, 36.62),
        ],
    )


@case("districts", n=4, want="quarantine", also="accept;reject", hint="重叠|overlap|相同|重复|duplicate")
def dist_identical(d):
    b = box(114.42, 36.5, 114.51, 36.56)
    return districts(
        d / "d.gpkg", shapes=[b, b, box(114.42, 36.56, 114.51, 36.62), box(114.51, 36.56, 114.60, 36.62)]
    )


@case("districts", n=4, want="quarantine", also="accept;reject", hint="重叠|overlap|包含")
def dist_contained(d):
    return districts(
        d / "d.gpkg",
        shapes=[
            box(114.42, 36.5, 114.60, 36.62),
            box(114.51, 36.50, 114.60, 36.56),
            box(114.42, 36.56, 114.51, 36.62),
            box(114.53, 36.57, 114.55, 36.58),
        ],
    )


@case("districts", n=4, want="accept", also="quarantine;reject", hint="洞|hole|缝|gap|缺口")
def dist_hole(d):
    return districts(
        d / "d.gpkg",
        shapes=[
            box(114.42, 36.50, 114.51, 36.56).difference(box(114.45, 36.52, 114.46, 36.53)),
            box(114.51, 36.50, 114.60, 36.56),
            box(114.42, 36.56, 114.51, 36.62),
            box(114.51, 36.56, 114.60, 36.62),
        ],
    )


@case("districts", n=4, want="accept", also="quarantine;repair", hint="代码|code|重复|不符|不一致")
def dist_dup_code(d):
    p = districts(d / "d.geojson")
    j = json.loads(p.read_text())
    for f in j["features"]:
        f["properties"]["代码"] = "130403"
    p.write_text(json.dumps(j))
    return p


@case("districts", n=4, want="reject", also="quarantine", hint="坐标|范围|range")
def dist_far(d):
    return districts(d / "d.gpkg", shapes=[box(100 + i, 30, 100.5 + i, 30.5) for i in range(4)])


@case("districts", n=4, want="accept", also="repair")
def dist_zm(d):
    return districts(
        d / "d.gpkg",
        shapes=[
            shapely.force_3d(s, 5.0)
            for s in [
                box(114.42, 36.50, 114.51, 36.56),
                box(114.51, 36.50, 114.60, 36.56),
                box(114.42, 36.56, 114.51, 36.62),
                box(114.51, 36.56, 114.60, 36.62),
            ]
        ],
    )


@case("districts", n=4, want="accept", also="repair")
def dist_names_traditional(d):
    return districts(d / "d.gpkg", names=["叢臺區", "邯山區", "復興區", "永年區"])


@case("districts", n=4, want="repair", also="accept;reject", hint="轴|经纬度|swap")
def dist_swapped(d):
    return districts(
        d / "d.gpkg",
        shapes=[
            box(36.50, 114.42, 36.56, 114.51),
            box(36.50, 114.51, 36.56, 114.60),
            box(36.56, 114.42, 36.62, 114.51),
            box(36.56, 114.51, 36.62, 114.60),
        ],
    )


@case("districts", n=1, want="reject", also="accept", hint="名称|列")
def dist_noname(d):
    gpd.GeoDataFrame({"a": [1]}, geometry=[box(114.42, 36.5, 114.51, 36.56)], crs=4326).to_file(
        d / "d.gpkg", engine="pyogrio"
    )
    return d / "d.gpkg"


# sites with a districts file
@case(want="quarantine", also="accept", hint="不在|outside|缝|gap|范围")
def sites_in_hole(d):
    districts(
        d / "districts.gpkg",
        shapes=[
            box(114.42, 36.50, 114.51, 36.56).difference(box(114.43, 36.51, 114.50, 36.55)),
            box(114.51, 36.50, 114.60, 36.56),
            box(114.42, 36.56, 114.51, 36.62),
            box(114.51, 36.56, 114.60, 36.62),
        ],
    )
    return wcsv(d / "s.csv", rows())


@case(want="quarantine", also="accept;repair", hint="区县|district|单位|不在")
def district_blank(d):
    rs = rows()
    rs[0][2] = ""
    rs[1][2] = "未知区"
    rs[2][2] = "丛台区、邯山区"
    return wcsv(d / "s.csv", rs)


# ---------- events
EH = ["编号", "状态", "时间", "操作人"]


def ev():
    out = []
    for i in range(3):
        for k, s in enumerate(S):
            out.append(
                [
                    ["HD-2021-001", "HD-2022-002", "HD-2023-003"][i],
                    s,
                    f"2022-{1 + 3 * k:02d}-15 09:00:00",
                    "张三",
                ]
            )
    return out


@case("events", n=12)
def hist_ok(d):
    return wcsv(d / "events.csv", ev(), h=EH)


@case("events", n=12, want="quarantine", hint="状态|阶段|stage|unknown|未知")
def hist_unknown_state(d):
    e = ev()
    e[3][1] = "拆迁中"
    return wcsv(d / "events.csv", e, h=EH)


@case("events", n=12, want="quarantine", hint="状态|阶段|空|blank|没有")
def hist_blank_state(d):
    e = ev()
    e[3][1] = ""
    return wcsv(d / "events.csv", e, h=EH)


@case("events", n=12, want="quarantine", hint="日期|时间|date")
def hist_bad_date(d):
    e = ev()
    e[3][2] = "2022-13-45"
    e[5][2] = ""
    e[6][2] = "待定"
    return wcsv(d / "events.csv", e, h=EH)


@case("events", n=12, want="quarantine", also="repair;accept", hint="倒|退|backward|时间|顺序|阶段")
def hist_state_backwards(d):
    e = ev()
    e[2][1], e[3][1] = "竣工", "立项"
    return wcsv(d / "events.csv", e, h=EH)


@case("events", n=12, want="accept", also="quarantine;repair", hint="跳|skip|缺|阶段")
def hist_skip(d):
    e = ev()
    e[1][1] = "在建"
    e[2][1] = "在建"
    return wcsv(d / "events.csv", e, h=EH)


@case("events", n=12, want="repair", also="accept;quarantine", keep="HD-2021-001")
def hist_fullwidth_ids(d):
    e = ev()
    e[0][0] = "ＨＤ－２０２１－００１"
    e[1][0] = " HD-2021-001 "
    e[2][0] = "hd-2021-001"
    return wcsv(d / "events.csv", e, h=EH)


@case("events", n=12, want="accept", also="repair;quarantine")
def hist_tz(d):
    e = ev()
    e[0][2] = "2022-01-15T09:00:00+08:00"
    e[1][2] = "2022-04-15T09:00:00Z"
    return wcsv(d / "events.csv", e, h=EH)


@case("events", n=12, want="accept", also="quarantine;repair", hint="冲突|同一|时间|conflict|重复")
def hist_same_time(d):
    e = ev()
    e[1][2] = e[0][2]
    e[2][2] = e[0][2]
    return wcsv(d / "events.csv", e, h=EH)


@case("events", n=13, want="quarantine", also="accept", hint="重复|duplicate|冲突|不同|再次|顺序|时间")
def hist_same_state_twice(d):
    e = ev()
    e.append(["HD-2021-001", "立项", "2022-05-20 09:00:00", "李四"])
    return wcsv(d / "events.csv", e, h=EH)


@case("events", n=12, want="quarantine", hint="1949|日期|时间|早|date", also="accept")
def hist_ancient(d):
    e = ev()
    e[0][2] = "1900-01-01"
    e[4][2] = "0001-01-01"
    return wcsv(d / "events.csv", e, h=EH)


@case("events", n=12, want="accept", also="repair")
def hist_xlsx(d):
    return wxlsx(d / "events.xlsx", ev(), h=EH)


@case("events", n=12, want="accept", also="repair")
def hist_gbk(d):
    return wcsv(d / "events.csv", ev(), h=EH, enc="gbk")


@case("events", n=12, want="reject", hint="列|时间|日期|编号")
def hist_no_date_col(d):
    return wcsv(d / "events.csv", [[r[0], r[1], r[3]] for r in ev()], h=[EH[0], EH[1], EH[3]])


@case("events", n=12, want="repair", also="accept", hint="日期|序号|44")
def hist_serial_dates(d):
    e = ev()
    for k, r in enumerate(e):
        r[2] = 44576 + 10 * (k % 4)
    return wcsv(d / "events.csv", e, h=EH)


@case("events", n=12, want="quarantine", hint="编号|空|id")
def hist_blank_id(d):
    e = ev()
    e[3][0] = ""
    e[7][0] = "  "
    return wcsv(d / "events.csv", e, h=EH)


@case("events", n=12, want="accept", also="repair;quarantine", keep="HD-2021-001")
def hist_state_spaces(d):
    e = ev()
    e[0][1] = " 谋 划 "
    e[1][1] = "立项\u200b"
    return wcsv(d / "events.csv", e, h=EH)


@case("events", n=12, want="quarantine", hint="未来|future|日期")
def hist_tomorrow(d):
    e = ev()
    e[3][2] = (dt.datetime.now() + dt.timedelta(days=40)).strftime("%Y-%m-%d")
    return wcsv(d / "events.csv", e, h=EH)


@case("events", n=12, want="accept", also="repair;quarantine")
def hist_unsorted(d):
    e = ev()
    random.Random(3).shuffle(e)
    return wcsv(d / "events.csv", e, h=EH)


# ---------- roads
def roads(p, n=20, extra=None):
    f = [
        {
            "type": "Feature",
            "properties": {
                "路名": f"道路{i:03d}",
                "等级": ["主干路", "次干路", "支路"][i % 3],
                "宽度": 12 + i % 9,
            },
            "geometry": {
                "type": "LineString",
                "coordinates": [[114.42, 36.5 + 0.005 * i], [114.6, 36.5 + 0.005 * i]],
            },
        }
        for i in range(n)
    ]
    return gj(p, f + (extra or []))


@case("roads", n=20)
def roads_ok(d):
    return roads(d / "roads.geojson")


@case("roads", n=20, want="reject", hint="坐标系|CRS")
def roads_shp_no_prj(d):
    roads(d / "t.geojson")
    gpd.read_file(d / "t.geojson").to_file(d / "roads.shp", engine="pyogrio", encoding="GBK")
    (d / "t.geojson").unlink()
    (d / "roads.prj").unlink()
    return d / "roads.shp"


@case("roads", n=20, want="quarantine", also="repair", hint="NaN|坐标|null|空")
def roads_nan(d):
    p = roads(d / "roads.geojson")
    t = p.read_text("utf-8")
    p.write_text(t.replace("[114.6, 36.5]", "[NaN, 36.5]", 1), encoding="utf-8")
    return p


@case("roads", n=22, want="accept", also="repair;quarantine", hint="")
def roads_selfloop(d):
    return roads(
        d / "roads.geojson",
        extra=[
            {
                "type": "Feature",
                "properties": {"路名": "环", "等级": "支路", "宽度": 5},
                "geometry": {
                    "type": "LineString",
                    "coordinates": [[114.5, 36.5], [114.51, 36.5], [114.51, 36.51], [114.5, 36.5]],
                },
            },
            {
                "type": "Feature",
                "properties": {"路名": "八", "等级": "支路", "宽度": 5},
                "geometry": {
                    "type": "LineString",
                    "coordinates": [[114.5, 36.5], [114.51, 36.51], [114.51, 36.5], [114.5, 36.51]],
                },
            },
        ],
    )


@case("roads", n=20, want="repair", also="reject;quarantine", hint="轴|经纬度|swap|颠倒|范围")
def roads_swapped(d):
    p = roads(d / "roads.geojson")
    j = json.loads(p.read_text("utf-8"))
    for f in j["features"]:
        f["geometry"]["coordinates"] = [c[::-1] for c in f["geometry"]["coordinates"]]
    p.write_text(json.dumps(j), encoding="utf-8")
    return p


@case("roads", n=20, want="reject", also="quarantine;repair", hint="坐标|范围|CRS|4326")
def roads_metres_nocrs(d):
    p = roads(d / "roads.geojson")
    g = gpd.read_file(p).to_crs(4547)
    j = json.loads(g.to_json())
    j.pop("crs", None)
    p.write_text(json.dumps(j), encoding="utf-8")
    return p


@case("roads", n=20, want="repair", also="accept;quarantine", hint="等级|class|类")
def roads_unknown_class(d):
    p = roads(d / "roads.geojson")
    t = p.read_text("utf-8").replace("次干路", "神秘路")
    p.write_text(t, encoding="utf-8")
    return p


@case("roads", n=20, want="accept", also="repair", hint="")
def roads_multiline(d):
    p = roads(d / "roads.geojson")
    j = json.loads(p.read_text("utf-8"))
    for f in j["features"]:
        f["geometry"] = {"type": "MultiLineString", "coordinates": [f["geometry"]["coordinates"]]}
    p.write_text(json.dumps(j), encoding="utf-8")
    return p


@case("roads", n=20, want="accept", also="repair", hint="")
def roads_z(d):
    p = roads(d / "roads.geojson")
    j = json.loads(p.read_text("utf-8"))
    for f in j["features"]:
        f["geometry"]["coordinates"] = [[*c, 10.0] for c in f["geometry"]["coordinates"]]
    p.write_text(json.dumps(j), encoding="utf-8")
    return p


@case("roads", n=-1, want="reject", also="accept", hint="空|empty|0|没有")
def roads_empty(d):
    return gj(d / "roads.geojson", [])


# ---------- export / names / paths
@case("export", n=6, want="repair")
def export_formulas_more(d):
    rs = rows(6)
    for r, v in zip(rs, ["=1+1", "＝1+1", "\uff0b1", "-1+cmd|x", "\u200b=1", "|x"], strict=False):
        r[1] = v
    return wcsv(d / "s.csv", rs)


@case("export", n=6, keep="PWNED")
def export_html_more(d):
    rs = rows(6)
    for r, v in zip(
        rs,
        [
            "<img src=x onerror=PWNED()>",
            "</script><script>PWNED()",
            "{{PWNED}}",
            "`${PWNED}`",
            "&lt;b&gt;PWNED",
            "' onmouseover='PWNED",
        ],
        strict=False,
    ):
        r[1] = v
    return wcsv(d / "s.csv", rs)


@case("export", n=6, want="accept", also="repair", keep="😀")
def export_emoji_rtl(d):
    rs = rows(6)
    for r, v in zip(
        rs, ["😀小区", "\u202e区小", "𠮷野家", "é́́́", "a\u0000b".replace("\0", ""), "x" * 500], strict=False
    ):
        r[1] = v
    return wcsv(d / "s.csv", rs)


@case("export", n=6, want="repair", also="accept;quarantine")
def export_long_text(d):
    rs = rows(6)
    rs[0][1] = "长" * 40000
    return wcsv(d / "s.csv", rs)


@case("names", n=6)
def names_collide(d):
    rs = rows(6)
    for r, v in zip(rs, ["CON", "con", "a/b", "a\\b", "a:b", ".."], strict=False):
        r[1] = v
    return wcsv(d / "s.csv", rs)


@case("names", n=6, want="accept", also="repair;quarantine")
def names_blank(d):
    rs = rows(6)
    for r, v in zip(rs, ["", " ", ".", "。", "\u3000", "\u200b"], strict=False):
        r[1] = v
    return wcsv(d / "s.csv", rs)


@case("paths", n=-1, want="reject", hint="path|路径|不支持", nots="root:x:0;CANARY")
def paths_more(d):
    (d / "p.txt").write_text(
        '/vsistdin/\n/vsisubfile/0_100,/etc/passwd\n/vsigzip//etc/passwd\nvsizip/x.zip\nPG:host=127.0.0.1 port=18099\nMYSQL:x\nMSSQL:server=127.0.0.1\nWFS:http://127.0.0.1:18099\nGeoJSON:/etc/passwd\nCSV:/etc/passwd\nESRIJSON:http://127.0.0.1:18099/x\nfile:///etc/passwd\nhttp://127.0.0.1:18099/a.geojson\nhttps://127.0.0.1:18099/a\nftp://127.0.0.1/x\n//127.0.0.1/share/x.shp\n\\\\127.0.0.1\\share\\x.shp\n/etc/passwd\n../../../../etc/passwd\n/dev/stdin\n/dev/zero\n/proc/self/environ\ns3://b/k\n/vsis3/b/k\n<OGRVRTDataSource>\n{"type":"FeatureCollection","features":[]}\n~/x.csv\n$HOME/x.csv\n|cat /etc/passwd\na.csv\x00b\n\n   \n..\n.\n /vsicurl/http://127.0.0.1:18099/a\nzip://x.zip\njar:file:x\nSQLITE:x\nGPKG:x.gpkg:sites\n/vsimem/x\n/VSICURL/http://127.0.0.1:18099/a\n/vsi%63url/http://127.0.0.1:18099',
        encoding="utf-8",
    )
    return d / "p.txt"
