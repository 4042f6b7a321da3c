# ruff: noqa: S311  # the dice are seeded
"""What the made-up hostile files are made of: rows, writers, and the list of cases."""

import csv
import io
import json
import random

import geopandas as gpd
import pandas as pd
from shapely.geometry import Point, box

H = ["编号", "名称", "区县", "用地面积", "投资", "进度", "状态", "开工日期", "经度", "纬度"]
D = ["丛台区", "邯山区", "复兴区", "永年区"]
S = ["谋划", "立项", "在建", "竣工"]


def rows(n=30):
    r = random.Random(7)
    out = []
    for i in range(n):
        d = D[i % 4]
        out.append(
            [
                f"HD-{2021 + i % 4}-{i + 1:03d}",
                f"{d[:2]}更新片区{i + 1:02d}",
                d,
                round(r.uniform(1, 20), 2),
                r.randrange(1000, 60000),
                r.randrange(0, 101),
                S[i % 4],
                f"202{1 + i % 4}-{1 + i % 12:02d}-{1 + i % 28:02d}",
                round(114.42 + r.random() * 0.18, 6),
                round(36.50 + r.random() * 0.12, 6),
            ]
        )
    return out


def wcsv(p, rs, h=H, enc="utf-8-sig", delim=",", nl="\r\n", errors="strict"):
    s = io.StringIO()
    w = csv.writer(s, delimiter=delim, lineterminator=nl)
    if h:
        w.writerow(h)
    w.writerows(rs)
    p.write_bytes(s.getvalue().encode(enc, errors))
    return p


def wxlsx(p, rs, h=H, pre=(), post=(), fn=None, title="台账"):
    import openpyxl

    wb = openpyxl.Workbook()
    ws = wb.active
    ws.title = title
    for r in pre:
        ws.append(list(r))
    if h:
        ws.append(list(h))
    for r in rs:
        ws.append(list(r))
    for r in post:
        ws.append(list(r))
    if fn:
        fn(wb, ws)
    wb.save(p)
    return p


def gdf(rs=None, crs=4326, n=30):
    rs = rs or rows(n)
    f = gpd.GeoDataFrame(
        pd.DataFrame([r[:8] for r in rs], columns=H[:8]), geometry=[Point(r[8], r[9]) for r in rs], crs=4326
    )
    return f.to_crs(crs)


def polys(n=6):
    rs = rows(n)
    return gpd.GeoDataFrame(
        pd.DataFrame([r[:8] for r in rs], columns=H[:8]),
        geometry=[box(114.43 + 0.02 * i, 36.52, 114.44 + 0.02 * i, 36.53) for i in range(n)],
        crs=4326,
    )


def gj(p, feats, **k):
    p.write_text(
        json.dumps({"type": "FeatureCollection", "features": feats, **k}, ensure_ascii=False),
        encoding="utf-8",
    )
    return p


def feats(rs=None, geom=None):
    rs = rs or rows()
    return [
        {
            "type": "Feature",
            "properties": dict(zip(H[:8], r[:8], strict=False)),
            "geometry": {"type": "Point", "coordinates": [r[8], r[9]]},
        }
        for r in rs
    ]


def districts(p, shapes=None, names=None):
    shapes = shapes or [
        box(114.42, 36.50, 114.51, 36.56),
        box(114.51, 36.50, 114.60, 36.56),
        box(114.42, 36.56, 114.51, 36.62),
        box(114.51, 36.56, 114.60, 36.62),
    ]
    names = names or D[: len(shapes)]
    g = gpd.GeoDataFrame(
        {"名称": names, "代码": [f"13040{i}" for i in range(len(names))]}, geometry=shapes, crs=4326
    )
    g.to_file(p, engine="pyogrio")
    return p


CASES = []


def case(role="sites", n=30, want="accept", also="", hint="", keep="", nots=""):
    def deco(f):
        CASES.append((f.__name__, role, n, want, also, hint, keep, nots, f))
        return f

    return deco
