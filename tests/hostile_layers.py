# ruff: noqa: DTZ001, S311  # dates of a sheet have no zone; the dice are seeded
"""Files as a hostile or a hurried office would send them, made by code; what must become of each stands above it.

Workbooks, shapefiles, archives, GeoPackages, GeoJSON.
"""

import datetime as dt
import json
import random
import re
import shutil
import sqlite3
import struct
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pyogrio
from openpyxl.styles import Font
from shapely.geometry import Point, box, mapping

from hostile_support import H, case, feats, gdf, gj, polys, rows, wcsv, wxlsx


# ---------- xlsx
@case(want="repair", also="accept;reject", hint="表头|header|合并", keep="HD-2021-001")
def xlsx_title_unit_blank(d):
    return wxlsx(
        d / "s.xlsx",
        rows(),
        pre=[["邯郸市城市更新项目台账"], ["填报单位:丛台区住建局", "", "", "", "单位:万元"], []],
        post=[
            [],
            ["合计", "", "", "", sum(r[4] for r in rows())],
            ["填表人:张三", "", "审核人:李四"],
            ["注:1.本表一式三份"],
        ],
        fn=lambda wb, ws: (ws.merge_cells("A1:J1"), ws.merge_cells("A2:C2")),
    )


@case(want="repair", also="accept;reject", hint="表头|header|合并", keep="HD-2021-001")
def xlsx_two_row_header_nomerge(d):
    return wxlsx(
        d / "s.xlsx",
        rows(),
        h=None,
        pre=[
            ["编号", "名称", "区县", "规模", None, "进展", None, "时间", "坐标", None],
            [None, None, None, "用地面积", "投资", "进度", "状态", "开工日期", "经度", "纬度"],
        ],
    )


@case(want="repair", also="accept;reject", hint="表头|header|合并", keep="HD-2021-001")
def xlsx_three_row_header(d):
    def f(wb, ws):
        for c in "ABC":
            ws.merge_cells(f"{c}1:{c}3")
        ws.merge_cells("D1:G1")
        ws.merge_cells("D2:E2")
        ws.merge_cells("F2:G2")
        ws.merge_cells("H1:H3")
        ws.merge_cells("I1:J2")

    return wxlsx(
        d / "s.xlsx",
        rows(),
        h=None,
        pre=[
            ["编号", "名称", "区县", "基本情况", None, None, None, "开工日期", "坐标", None],
            [None, None, None, "规模", None, "进展", None, None, None, None],
            [None, None, None, "用地面积", "投资", "进度", "状态", None, "经度", "纬度"],
        ],
        fn=f,
    )


@case(want="reject", also="quarantine", hint="多个|两张|表头|table|重复|工作表", n=-1)
def xlsx_two_tables_side(d):
    return wxlsx(d / "s.xlsx", [[*r, "", *r] for r in rows()[:15]], h=[*H, "", *H])


@case(want="reject", also="quarantine;accept;repair", hint="表头|重复|table|第二", n=30)
def xlsx_two_tables_stacked(d):
    rs = rows()
    return wxlsx(d / "s.xlsx", rs[:15], post=[[], ["第二批"], H, *rs[15:]])


@case(want="reject", also="quarantine;accept;repair", hint="表头|table|第二|列", n=30)
def xlsx_two_tables_stacked_other_order(d):
    rs = rows()
    h2 = [H[1], H[0], *H[2:]]
    return wxlsx(d / "s.xlsx", rs[:15], post=[[], h2] + [[r[1], r[0], *r[2:]] for r in rs[15:]])


@case(want="reject", hint="多个|工作表|layer|sheet")
def xlsx_two_sheets(d):
    def f(wb, ws):
        w = wb.create_sheet("第二批")
        w.append(H)
        [w.append(r) for r in rows()[15:]]

    return wxlsx(d / "s.xlsx", rows()[:15], fn=f)


@case(want="accept", also="reject;repair;quarantine", hint="隐藏|hidden|工作表", n=30)
def xlsx_hidden_sheet(d):
    def f(wb, ws):
        w = wb.create_sheet("旧台账")
        w.append(H)
        [w.append(r) for r in rows()]
        w.sheet_state = "hidden"

    return wxlsx(d / "s.xlsx", rows(), fn=f)


@case(want="accept", also="repair;quarantine;reject", hint="隐藏|hidden", n=30, keep="HD-2022-010")
def xlsx_hidden_rows_cols(d):
    def f(wb, ws):
        for k in (5, 6, 7):
            ws.row_dimensions[k].hidden = True
        ws.column_dimensions["E"].hidden = True

    return wxlsx(d / "s.xlsx", rows(), fn=f)


@case(want="accept", also="repair;quarantine;reject", hint="筛选|filter|隐藏|hidden", n=30)
def xlsx_filtered(d):
    def f(wb, ws):
        ws.auto_filter.ref = ws.dimensions
        ws.auto_filter.add_filter_column(2, ["丛台区"])
        for k in range(2, 32):
            if ws.cell(k, 3).value != "丛台区":
                ws.row_dimensions[k].hidden = True

    return wxlsx(d / "s.xlsx", rows(), fn=f)


@case(want="repair", also="accept;quarantine", hint="错误|#REF|#DIV|投资|数值")
def xlsx_error_cells(d):
    rs = rows()
    rs[0][4] = "#REF!"
    rs[1][4] = "#DIV/0!"
    rs[2][4] = "#N/A"
    return wxlsx(d / "s.xlsx", rs)


@case(want="quarantine", also="repair;reject", hint="编号|#REF|错误")
def xlsx_error_ids(d):
    rs = rows()
    rs[0][0] = "#REF!"
    rs[1][0] = "#N/A"
    return wxlsx(d / "s.xlsx", rs)


@case(want="repair", also="accept", keep="2021-09-01;2021-09-30")
def xlsx_1904(d):
    rs = rows()

    def f(wb, ws):
        wb.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        for k in range(2, 32):
            ws.cell(k, 8).value = dt.datetime(2021, 9, k - 1)
            ws.cell(k, 8).number_format = "yyyy-mm-dd"

    return wxlsx(d / "s.xlsx", rs, fn=f)


@case(want="repair", also="accept;quarantine", hint="投资|数值|文本|全角|万|亿")
def xlsx_numbers_text(d):
    rs = rows()
    for i, r in enumerate(rs):
        r[4] = ["１２３４５", "12,345.60", "1.2亿", "3500万", "￥500万元", "伍佰万元", "1 234", "12345元"][
            i % 8
        ]
    return wxlsx(d / "s.xlsx", rs)


@case(want="quarantine", also="repair", hint="日期|date")
def xlsx_dates_more(d):
    listed = [
        "2021年第三季度",
        "二零二一年九月三十日",
        "2021.10",
        2021.1,
        "20210931",
        "2021/13/01",
        "九月底",
        "2021年国庆前",
        "2021-09-30 00:00:00",
        dt.datetime(2021, 9, 30),
        44469.5,
        "44469",
        "'2021-9",
        "2021年09月",
        "21/9/30",
        "2021.9-2021.12",
        "2021年9月—12月",
        "已开工",
        "开工",
        "/",
    ]
    rs = rows()
    for r, v in zip(rs, listed, strict=False):
        r[7] = v
    return wxlsx(d / "s.xlsx", rs)


@case(want="quarantine", hint="编号|失真|数字|科学")
def xlsx_id_float20(d):
    rs = rows()
    rs[0][0] = 13040300000000000012
    rs[1][0] = 1.304030000000001e19
    return wxlsx(d / "s.xlsx", rs)


@case(want="accept", also="repair", keep="1001")
def xlsx_id_int(d):
    rs = rows()
    for i, r in enumerate(rs):
        r[0] = 1001 + i
    return wxlsx(d / "s.xlsx", rs)


@case(want="accept", also="repair;quarantine")
def xlsx_id_formatted_zeros(d):
    rs = rows()
    for i, r in enumerate(rs):
        r[0] = 310001 + i

    def f(wb, ws):
        for k in range(2, 32):
            ws.cell(k, 1).number_format = "00000000"

    return wxlsx(d / "s.xlsx", rs, fn=f)


@case(want="quarantine", also="reject", hint="公式|formula")
def xlsx_formula_some(d):
    rs = rows()
    rs[3][4] = "=SUM(E2:E3)"
    rs[4][0] = '="HD-"&ROW()'
    return wxlsx(d / "s.xlsx", rs)


@case(want="reject", hint="xls|格式|format|html|HTML|csv")
def xls_is_html(d):
    p = d / "s.xls"
    p.write_text(
        "<html><body><table><tr><td>编号</td><td>名称</td></tr><tr><td>1</td><td>a</td></tr></table></body></html>",
        encoding="utf-8",
    )
    return p


@case(want="reject", also="accept;repair", hint="xls|格式|format|后缀")
def xls_is_csv(d):
    p = wcsv(d / "s.csv", rows())
    q = d / "s.xls"
    p.rename(q)
    return q


@case(want="accept", also="reject;repair", hint="xls|格式|format|后缀|^s.xls:读 30")
def xls_is_xlsx(d):
    p = wxlsx(d / "s.xlsx", rows())
    q = d / "s.xls"
    p.rename(q)
    return q


@case(want="reject", also="accept;repair", hint="格式|format|后缀|内容")
def csv_is_xlsx(d):
    p = wxlsx(d / "s.xlsx", rows())
    q = d / "s.csv"
    p.rename(q)
    return q


@case(want="accept", also="reject;repair", hint="")
def xlsm_macro(d):
    p = wxlsx(d / "s.xlsx", rows())
    q = d / "s.xlsm"
    p.rename(q)
    return q


def rezip(p, edit=None, add=None):
    q = p.with_name("t.zip")
    with zipfile.ZipFile(p) as a, zipfile.ZipFile(q, "w", zipfile.ZIP_DEFLATED) as b:
        for n in a.namelist():
            x = a.read(n)
            x = edit(n, x) if edit else x
            if x is not None:
                b.writestr(n, x)
        for n, x in (add or {}).items():
            b.writestr(n, x)
    q.replace(p)
    return p


@case(want="reject", also="accept;repair", hint="DOCTYPE|实体|entity|XML|DTD|损坏", nots="lollollol")
def xlsx_entity_bomb(d):
    p = wxlsx(d / "s.xlsx", rows())
    return rezip(
        p,
        lambda n, x: (
            x.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "lollollol">]><worksheet', 1)
            if "sheet1.xml" in n
            else x
        ),
    )


@case(want="accept", also="repair;reject")
def xlsx_external_link(d):
    p = wxlsx(d / "s.xlsx", rows())
    return rezip(
        p,
        add={
            "xl/externalLinks/_rels/externalLink1.xml.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="x" Target="http://127.0.0.1:18099/x.xlsx" TargetMode="External"/></Relationships>'
        },
    )


@case(want="reject", hint="大小|size|上限|ratio|损坏")
def xlsx_far_cell(d):
    return wxlsx(d / "s.xlsx", rows(), fn=lambda wb, ws: ws.cell(1048576, 16384, "x"))


@case(want="accept", also="repair;quarantine", n=30)
def xlsx_far_blank_format(d):
    def f(wb, ws):
        for k in (500000, 1048576):
            ws.row_dimensions[k].height = 20
            ws.cell(k, 3).font = Font(bold=True)

    return wxlsx(d / "s.xlsx", rows(), fn=f)


@case(
    want="reject",
    hint="损坏|corrupt|sheet|工作",
)
def xlsx_missing_sheet_part(d):
    p = wxlsx(d / "s.xlsx", rows())
    return rezip(p, lambda n, x: None if "sheet1.xml" in n else x)


@case(want="reject", hint="空|empty", n=0, also="accept")
def xlsx_empty(d):
    return wxlsx(d / "s.xlsx", [], h=None)


@case(want="repair", also="quarantine", hint="合并|merged", n=30)
def xlsx_merged_invest(d):
    rs = rows()

    def f(wb, ws):
        ws.merge_cells("E2:E6")
        ws.merge_cells("C2:D3")

    return wxlsx(d / "s.xlsx", rs, fn=f)


@case(want="quarantine", also="repair;reject", hint="合并|merged|编号")
def xlsx_merged_ids(d):
    def f(wb, ws):
        ws.merge_cells("A2:A4")

    return wxlsx(d / "s.xlsx", rows(), fn=f)


@case(want="accept", also="repair;quarantine", hint="投资|单位|万元|亿|元")
def xlsx_header_units(d):
    h = list(H)
    h[4] = "投资(亿元)"
    h[3] = "用地面积(亩)"
    h[5] = "进度(%)"
    return wxlsx(d / "s.xlsx", rows(), h=h)


@case(want="repair", also="accept;quarantine", hint="进度|percent|%")
def xlsx_progress_formats(d):
    rs = rows()

    def f(wb, ws):
        for k in range(2, 32):
            ws.cell(k, 6).value = [
                0.85,
                "85%",
                "85％",
                "85.5 %",
                "八成",
                "百分之八十五",
                "完成85%",
                "已完工",
                "100",
                "1.0",
            ][k % 10]
            if k % 10 == 0:
                ws.cell(k, 6).number_format = "0%"

    return wxlsx(d / "s.xlsx", rs, fn=f)


@case(
    want="reject",
    hint="编号|列",
    also="quarantine",
)
def xlsx_transposed(d):
    rs = [H, *rows()]
    t = list(map(list, zip(*rs, strict=False)))
    return wxlsx(d / "s.xlsx", t, h=None)


@case(want="repair", also="accept;reject", hint="表头|header")
def xlsx_header_row30(d):
    return wxlsx(d / "s.xlsx", rows(), h=H, pre=[[f"说明第{i}条"] for i in range(28)])


@case(want="accept", also="repair")
def xlsx_header_linebreak(d):
    return wxlsx(
        d / "s.xlsx",
        rows(),
        h=[
            "编\n号",
            "名 称",
            "区 县",
            "用地\n面积",
            "投资\n(万元)",
            "进度",
            "状态",
            "开工\n日期",
            "经 度",
            "纬 度",
        ],
    )


@case(want="accept", also="repair;reject", hint="")
def xlsx_strict_inline(d):
    import xlsxwriter

    p = d / "s.xlsx"
    wb = xlsxwriter.Workbook(str(p), {"in_memory": True, "constant_memory": True})
    ws = wb.add_worksheet("t")
    for i, r in enumerate([H, *rows()]):
        ws.write_row(i, 0, r)
    wb.close()
    return p


@case(want="accept", also="repair;quarantine", hint="")
def xlsx_rich_comments(d):
    def f(wb, ws):
        from openpyxl.comments import Comment

        ws["B3"].comment = Comment("请核实", "x")
        ws["E4"].hyperlink = "http://127.0.0.1:18099/a"

    return wxlsx(d / "s.xlsx", rows(), fn=f)


@case(want="reject", also="quarantine", hint="重复|duplicate|列名")
def xlsx_dup_header_space(d):
    h = list(H)
    h[3] = "投 资"
    return wxlsx(d / "s.xlsx", rows(), h=h)


# ---------- shapefile
def shp(d, f=None, enc="UTF-8", **k):
    f = gdf() if f is None else f
    p = d / "sites.shp"
    f.to_file(p, engine="pyogrio", encoding=enc, **k)
    return p


@case(want="repair", also="accept;reject", hint="编码|encoding|GBK|UTF", keep="丛台区")
def shp_cpg_lies_utf8(d):
    p = shp(d, enc="GBK")
    (d / "sites.cpg").write_text("UTF-8")
    return p


@case(want="repair", also="accept;reject", hint="编码|encoding|GBK|UTF", keep="丛台区")
def shp_cpg_lies_gbk(d):
    p = shp(d, enc="UTF-8")
    (d / "sites.cpg").write_text("GBK")
    return p


@case(want="repair", also="accept;reject", hint="编码|encoding", keep="丛台区")
def shp_ldid_conflict(d):
    p = shp(d, enc="UTF-8")
    (d / "sites.cpg").unlink()
    b = bytearray((d / "sites.dbf").read_bytes())
    b[29] = 0x4D
    (d / "sites.dbf").write_bytes(b)
    return p


@case(want="repair", also="accept;reject", hint="编码|encoding", keep="丛台区")
def shp_ldid57_gbk(d):
    p = shp(d, enc="GBK")
    (d / "sites.cpg").unlink()
    b = bytearray((d / "sites.dbf").read_bytes())
    b[29] = 0x57
    (d / "sites.dbf").write_bytes(b)
    return p


@case(want="repair", also="accept;reject", hint="编码|encoding|cpg")
def shp_cpg_garbage(d):
    p = shp(d, enc="GBK")
    (d / "sites.cpg").write_bytes(b"\xff\xfe\x00x")
    return p


@case(want="reject", hint="shp|记录|数|不一致|dbf")
def shp_count_mismatch(d):
    p = shp(d)
    e = d / "e"
    e.mkdir()
    shp(e, gdf(n=29))
    (d / "sites.dbf").write_bytes((e / "sites.dbf").read_bytes())
    shutil.rmtree(e)
    return p


@case(want="reject", hint="损坏|不完整|truncat|corrupt")
def shp_truncated(d):
    p = shp(d)
    b = p.read_bytes()
    p.write_bytes(b[: len(b) // 2])
    return p


@case(want="reject", hint="损坏|不完整|truncat|corrupt|dbf")
def shp_dbf_truncated(d):
    p = shp(d)
    q = d / "sites.dbf"
    b = q.read_bytes()
    q.write_bytes(b[: len(b) // 2])
    return p


@case(want="reject", also="repair;accept", hint="shx|损坏|corrupt|不一致")
def shp_shx_garbage(d):
    p = shp(d)
    q = d / "sites.shx"
    b = q.read_bytes()
    q.write_bytes(b[:100] + bytes(len(b) - 100))
    return p


@case(want="reject", also="repair;accept", hint="shx|损坏|corrupt|不一致|图形", n=30)
def shp_shx_shuffled(d):
    p = shp(d)
    q = d / "sites.shx"
    b = bytearray(q.read_bytes())
    b[100:108], b[108:116] = b[108:116], b[100:108]
    q.write_bytes(b)
    return p


@case(want="reject", also="quarantine;repair", hint="prj|坐标系|CRS")
def shp_prj_garbage(d):
    p = shp(d)
    (d / "sites.prj").write_text("这不是坐标系")
    return p


@case(want="reject", also="quarantine;repair", hint="prj|坐标系|CRS")
def shp_prj_empty(d):
    p = shp(d)
    (d / "sites.prj").write_text("")
    return p


@case(want="reject", hint="北京|54|Beijing|基准|datum|坐标系|参数")
def shp_beijing54(d):
    return shp(d, gdf(crs=4490).set_crs(4214, allow_override=True))


@case(want="reject", hint="西安|Xian|基准|datum|坐标系|参数")
def shp_xian80(d):
    return shp(d, gdf(crs=4547).set_crs(2383, allow_override=True))


@case(want="reject", also="quarantine", hint="坐标|范围|range|带")
def shp_prj_wrong_belt(d):
    return shp(d, gdf(crs=4547).set_crs(4550, allow_override=True))


@case(want="accept", also="repair", n=30)
def shp_prj_utm(d):
    return shp(d, gdf(crs=32650))


@case(want="accept", also="repair", n=30)
def shp_prj_3857(d):
    return shp(d, gdf(crs=3857))


@case(want="accept", also="repair;reject", hint="大写|SHP|^", n=30)
def shp_upper_suffix(d):
    shp(d)
    for q in list(d.iterdir()):
        q.rename(d / q.name.upper().replace("SITES", "sites"))
    return d / "sites.SHP"


@case(want="accept", also="quarantine;repair;reject", hint="删除|deleted", n=29)
def shp_deleted_row(d):
    p = shp(d)
    q = d / "sites.dbf"
    b = bytearray(q.read_bytes())
    h = struct.unpack("<H", b[8:10])[0]
    b[h] = 0x2A
    q.write_bytes(b)
    return p


@case(want="repair", also="accept;reject;quarantine", hint="M|Z|三维")
def shp_pointzm(d):
    f = gdf()
    f.geometry = [Point(p.x, p.y, 12.0) for p in f.geometry]
    return shp(d, f)


@case(want="quarantine", also="repair", hint="null|空|empty")
def shp_null_shapes(d):
    f = gdf()
    f.loc[[1, 2], "geometry"] = None
    return shp(d, f)


@case(want="reject", also="accept;repair", hint="符号|链接|symlink|shp|dbf|缺")
def shp_symlink_dbf(d):
    p = shp(d)
    q = d / "sites.dbf"
    t = d.parent.parent / "out_of.dbf"
    t.write_bytes(q.read_bytes())
    q.unlink()
    q.symlink_to(t)
    return p


@case(want="accept", also="repair;quarantine", hint="", n=30)
def shp_numbers_stars(d):
    f = gdf()
    p = shp(d, f)
    q = d / "sites.dbf"
    b = q.read_bytes()
    q.write_bytes(b.replace(str(rows()[2][4]).encode().rjust(5), b"*****", 1))
    return p


@case(want="reject", also="quarantine;repair", hint="dbf|编码|encoding|损坏")
def shp_dbf_garbage(d):
    p = shp(d)
    q = d / "sites.dbf"
    b = bytearray(q.read_bytes())
    random.Random(1)
    b[300:] = bytes(random.Random(2).randrange(256) for _ in b[300:])
    q.write_bytes(b)
    return p


# ---------- zip
def zshp(d, name="sites.zip", fn=None, enc="UTF-8", inner="sites"):
    e = d / "e"
    e.mkdir()
    shp(e, enc=enc)
    with zipfile.ZipFile(d / name, "w", zipfile.ZIP_DEFLATED) as z:
        for q in sorted(e.iterdir()):
            z.write(q, inner + q.suffix)
        if fn:
            fn(z, e)
    shutil.rmtree(e)
    return d / name


@case(want="accept", also="repair", keep="丛台区")
def zip_ok(d):
    return zshp(d)


@case(want="accept", also="repair", keep="丛台区")
def zip_folder_macosx(d):
    return zshp(
        d,
        inner="数据/更新项目",
        fn=lambda z, e: (
            z.writestr("__MACOSX/._sites.shp", b"x"),
            z.writestr("数据/readme.txt", "x"),
            z.writestr("数据/.DS_Store", b"x"),
        ),
    )


@case(want="accept", also="repair", keep="丛台区")
def zip_gbk_names(d):
    p = zshp(d, inner="placeholder0")
    b = p.read_bytes()
    new = "项目台账点".encode("gbk")
    new = new + b"x" * (12 - len(new))
    p.write_bytes(b.replace(b"placeholder0", new))
    return p


@case(want="reject", hint="zip|嵌套|nest|压缩")
def zip_nested(d):
    p = zshp(d, "inner.zip")
    q = d / "sites.zip"
    with zipfile.ZipFile(q, "w") as z:
        z.write(p, "inner.zip")
    p.unlink()
    return q


@case(want="reject", hint="zip|没有|空|layer|图层|压缩")
def zip_empty(d):
    with zipfile.ZipFile(d / "sites.zip", "w"):
        pass
    return d / "sites.zip"


@case(want="reject", hint="zip|没有|layer|图层|压缩|矢量")
def zip_only_txt(d):
    with zipfile.ZipFile(d / "sites.zip", "w") as z:
        z.writestr("a.txt", "x")
    return d / "sites.zip"


@case(want="reject", hint="链接|symlink|unsafe|路径|zip", nots="root:x:0")
def zip_symlink(d):
    def f(z, e):
        i = zipfile.ZipInfo("sites.cpg.shp")
        i.create_system = 3
        i.external_attr = 0o120777 << 16
        z.writestr(i, "/etc/passwd")

    return zshp(d, fn=f)


@case(want="reject", hint="密码|password|加密")
def zip_encrypted_flag(d):
    p = zshp(d)
    b = bytearray(p.read_bytes())
    i = 0
    while (i := b.find(b"PK\x01\x02", i)) >= 0:
        b[i + 8] |= 1
        i += 4
    i = 0
    while (i := b.find(b"PK\x03\x04", i)) >= 0:
        b[i + 6] |= 1
        i += 4
    p.write_bytes(b)
    return p


@case(want="reject", hint="zip|重复|duplicate|损坏|多个", also="")
def zip_dup_entries(d):
    return zshp(d, fn=lambda z, e: z.writestr("sites.dbf", b"x" * 100))


@case(want="reject", hint="zip|损坏|corrupt|CRC|不完整")
def zip_crc(d):
    p = zshp(d)
    b = bytearray(p.read_bytes())
    b[120] ^= 0xFF
    b[121] ^= 0xFF
    p.write_bytes(b)
    return p


@case(want="reject", hint="zip|大小|size|ratio|文件")
def zip_many_entries(d):
    with zipfile.ZipFile(d / "sites.zip", "w") as z:
        for i in range(25000):
            z.writestr(f"a{i}", b"")
    return d / "sites.zip"


@case(want="reject", hint="zip|size|大小|ratio|压缩")
def zip_overlap_bomb(d):
    p = zshp(d)
    with zipfile.ZipFile(p, "a", zipfile.ZIP_DEFLATED) as z:
        z.writestr("big.bin", bytes(300 << 20))
    return p


@case(want="accept", also="reject;repair", hint="", keep="丛台")
def zip_with_csv(d):
    p = wcsv(d / "s.csv", rows())
    with zipfile.ZipFile(d / "sites.zip", "w") as z:
        z.write(p, "s.csv")
    p.unlink()
    return d / "sites.zip"


@case(want="reject", hint="prj|坐标系|CRS")
def zip_no_prj(d):
    e = d / "e"
    e.mkdir()
    shp(e)
    with zipfile.ZipFile(d / "sites.zip", "w") as z:
        for q in e.iterdir():
            if q.suffix != ".prj":
                z.write(q, q.name)
    shutil.rmtree(e)
    return d / "sites.zip"


@case(want="reject", hint="zip|损坏|不完整|truncat|corrupt")
def zip_truncated(d):
    p = zshp(d)
    b = p.read_bytes()
    p.write_bytes(b[: len(b) * 2 // 3])
    return p


# ---------- gpkg
def gp(d, f=None, layer="sites", **k):
    f = gdf() if f is None else f
    p = d / "sites.gpkg"
    f.to_file(p, engine="pyogrio", layer=layer, **k)
    return p


def sq(p, *s):
    c = sqlite3.connect(p)
    for name, n in (("ST_IsEmpty", 1), ("ST_MinX", 1), ("ST_MaxX", 1), ("ST_MinY", 1), ("ST_MaxY", 1)):
        c.create_function(name, n, lambda *a: 0)
    for x in s:
        c.execute(x)
    c.commit()
    c.close()
    return p


@case(want="accept", also="reject;repair", hint="", keep="丛台区")
def gpkg_trigger(d):
    return sq(gp(d), "CREATE TRIGGER evil AFTER UPDATE ON sites BEGIN SELECT load_extension('x'); END")


@case(want="reject", also="accept;repair", hint="layer|图层|视图|view")
def gpkg_view(d):
    return sq(
        gp(d),
        "CREATE VIEW v AS SELECT * FROM sites WHERE fid<10",
        "INSERT INTO gpkg_contents(table_name,data_type,identifier,srs_id) VALUES('v','features','v',4326)",
        "INSERT INTO gpkg_geometry_columns VALUES('v','geom','POINT',4326,0,0)",
    )


@case(want="reject", hint="虚拟|virtual|vrt|格式|图层|layer", nots="root:x:0")
def gpkg_virtual_table(d):
    p = gp(d)
    c = sqlite3.connect(p)
    c.execute("PRAGMA writable_schema=1")
    c.execute(
        "INSERT INTO sqlite_master VALUES('table','v','v',0,'CREATE VIRTUAL TABLE v USING VirtualOGR(''/etc/passwd'')')"
    )
    c.commit()
    c.close()
    return p


@case(want="accept", also="reject;repair", hint="", n=30)
def gpkg_stale_count(d):
    return sq(gp(d), "UPDATE gpkg_ogr_contents SET feature_count=5")


@case(want="accept", also="reject;repair;quarantine", hint="", n=30)
def gpkg_wrong_extent(d):
    return sq(gp(d), "UPDATE gpkg_contents SET min_x=0,min_y=0,max_x=1,max_y=1")


@case(want="reject", also="quarantine;repair", hint="坐标|CRS|srs|范围")
def gpkg_srs_mismatch(d):
    return sq(
        gp(d, gdf(crs=4547)),
        "UPDATE gpkg_geometry_columns SET srs_id=4326",
        "UPDATE gpkg_contents SET srs_id=4326",
    )


@case(want="reject", also="quarantine;repair;accept", hint="坐标|CRS|srs")
def gpkg_srs_zero(d):
    return sq(gp(d), "UPDATE gpkg_geometry_columns SET srs_id=0", "UPDATE gpkg_contents SET srs_id=0")


@case(want="reject", also="quarantine;repair;accept", hint="坐标|CRS|srs|layer|图层")
def gpkg_srs_missing_row(d):
    return sq(gp(d), "UPDATE gpkg_geometry_columns SET srs_id=99999", "UPDATE gpkg_contents SET srs_id=99999")


@case(want="quarantine", also="reject;repair", hint="图形|geometry|损坏|坐标|空")
def gpkg_bad_blob(d):
    return sq(
        gp(d, SPATIAL_INDEX="NO"),
        "UPDATE sites SET geom=x'47500001' WHERE fid=3",
        "UPDATE sites SET geom=x'00' WHERE fid=4",
    )


@case(want="quarantine", also="reject;repair", hint="类型|geometry|图形|几何|几何集合")
def gpkg_text_geom(d):
    return sq(gp(d, SPATIAL_INDEX="NO"), "UPDATE sites SET geom='POINT(1 1)' WHERE fid=3")


@case(want="accept", also="repair;reject", hint="图层|layer|^", n=30)
def gpkg_plus_attr_table(d):
    return sq(
        gp(d),
        "CREATE TABLE other(a)",
        "INSERT INTO gpkg_contents(table_name,data_type,identifier) VALUES('other','attributes','other')",
    )


@case(want="reject", also="accept;repair", hint="图层|layer|没有")
def gpkg_no_geometry(d):
    p = d / "sites.gpkg"
    pyogrio.write_dataframe(
        pd.DataFrame([r[:8] for r in rows()], columns=H[:8]), p, layer="sites", driver="GPKG"
    )
    return p


@case(want="reject", hint="GeoPackage")
def gpkg_plain_sqlite(d):
    p = d / "sites.gpkg"
    c = sqlite3.connect(p)
    c.execute("CREATE TABLE 编号(a)")
    c.commit()
    c.close()
    return p


@case(want="accept", also="repair", hint="", n=30)
def gpkg_header_tampered_appid(d):
    p = gp(d)
    b = bytearray(p.read_bytes())
    b[68:72] = b"\0\0\0\0"
    p.write_bytes(b)
    return p


@case(want="reject", also="accept;repair;quarantine", hint="wal|journal|损坏|日志", n=30)
def gpkg_garbage_wal(d):
    p = gp(d)
    (d / "sites.gpkg-wal").write_bytes(b"garbage" * 1000)
    return p


@case(want="reject", also="accept;repair;quarantine", hint="journal|损坏|日志", n=30)
def gpkg_hot_journal(d):
    p = gp(d)
    (d / "sites.gpkg-journal").write_bytes(bytes.fromhex("d9d505f920a163d7") + bytes(504))
    return p


@case(want="reject", also="accept;repair", hint="损坏|integrity|corrupt", n=30)
def gpkg_page_flip(d):
    p = gp(d)
    b = bytearray(p.read_bytes())
    n = len(b) // 4096
    k = (n - 3) * 4096
    b[k : k + 200] = b"\xff" * 200
    p.write_bytes(b)
    return p


@case(want="quarantine", also="repair;reject", hint="坐标|范围|range")
def gpkg_huge_coords(d):
    f = gdf()
    f.loc[0, "geometry"] = Point(1e300, 1e300)
    f.loc[1, "geometry"] = Point(114.5, 1e10)
    return gp(d, f)


# ---------- geojson
@case(want="quarantine", also="reject", hint="坐标|coordinate|图形")
def geojson_string_coords(d):
    f = feats()
    f[0]["geometry"]["coordinates"] = ["114.5", "36.55"]
    f[1]["geometry"]["coordinates"] = [114.5]
    f[2]["geometry"]["coordinates"] = None
    return gj(d / "s.geojson", f)


@case(want="accept", also="repair;reject", hint="编码|encoding|UTF|^", keep="丛台区")
def geojson_utf16(d):
    p = gj(d / "s.geojson", feats())
    p.write_text(p.read_text("utf-8"), encoding="utf-16")
    return p


@case(want="repair", also="accept;reject", hint="编码|encoding|GB")
def geojson_gbk(d):
    p = gj(d / "s.geojson", feats())
    p.write_bytes(p.read_text("utf-8").encode("gbk"))
    return p


@case(want="reject", also="accept;repair", hint="JSON|格式|format|parse")
def geojson_seq(d):
    (d / "s.geojson").write_text(
        "\n".join(json.dumps(f, ensure_ascii=False) for f in feats()), encoding="utf-8"
    )
    return d / "s.geojson"


@case(want="reject", also="accept;repair", hint="JSON|格式|format|parse")
def geojson_rs_seq(d):
    (d / "s.geojson").write_text(
        "".join("\x1e" + json.dumps(f, ensure_ascii=False) + "\n" for f in feats()), encoding="utf-8"
    )
    return d / "s.geojson"


@case(want="reject", also="quarantine", hint="重复|duplicate|键|JSON", n=30)
def geojson_dup_keys(d):
    p = gj(d / "s.geojson", feats())
    p.write_text(
        p.read_text("utf-8").replace('"编号": "HD-2021-001"', '"编号": "HD-2021-001", "编号": "HD-9999-999"'),
        encoding="utf-8",
    )
    return p


@case(want="reject", hint="crs|坐标系|CRS", also="quarantine;repair")
def geojson_crs_unknown(d):
    return gj(d / "s.geojson", feats(), crs={"type": "name", "properties": {"name": "EPSG:999999"}})


@case(want="reject", hint="crs|坐标系|CRS", also="accept;quarantine;repair")
def geojson_crs_link(d):
    return gj(
        d / "s.geojson",
        feats(),
        crs={"type": "link", "properties": {"href": "http://127.0.0.1:18099/crs", "type": "proj4"}},
    )


@case(want="accept", also="repair;reject", hint="")
def geojson_crs_null(d):
    return gj(d / "s.geojson", feats(), crs=None)


@case(want="reject", hint="crs|坐标系|CRS|范围", also="quarantine;repair")
def geojson_crs_lies(d):
    return gj(
        d / "s.geojson", feats(), crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}
    )


@case(want="accept", also="repair")
def geojson_crs84(d):
    return gj(
        d / "s.geojson",
        feats(),
        crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
    )


@case(want="repair", also="reject;quarantine", hint="经纬度|swap|颠倒|轴")
def geojson_swapped(d):
    f = feats()
    for x in f:
        x["geometry"]["coordinates"].reverse()
    return gj(d / "s.geojson", f)


@case(want="quarantine", also="repair;reject", hint="经纬度|swap|颠倒|轴|范围")
def geojson_swapped_some(d):
    f = feats()
    for x in f[:5]:
        x["geometry"]["coordinates"].reverse()
    return gj(d / "s.geojson", f)


@case(want="reject", also="accept;quarantine", hint="empty|空|0", n=0)
def geojson_empty_fc(d):
    return gj(d / "s.geojson", [])


@case(want="reject", hint="JSON|格式|format")
def geojson_is_array(d):
    (d / "s.geojson").write_text("[1,2]")
    return d / "s.geojson"


@case(want="reject", hint="JSON|格式|format|字段|编号")
def geojson_bare_geometry(d):
    (d / "s.geojson").write_text('{"type":"Point","coordinates":[114.5,36.5]}')
    return d / "s.geojson"


@case(want="reject", hint="JSON|格式|format")
def esrijson(d):
    (d / "s.json").write_text(
        json.dumps(
            {
                "geometryType": "esriGeometryPoint",
                "spatialReference": {"wkid": 4490},
                "fields": [],
                "features": [{"attributes": {"编号": "a"}, "geometry": {"x": 114.5, "y": 36.5}}],
            }
        )
    )
    return d / "s.json"


@case(want="reject", also="quarantine", hint="JSON|对象|要素|feature|null")
def geojson_null_feature(d):
    f = feats()
    f[3] = None
    return gj(d / "s.geojson", f)


@case(want="accept", also="repair;quarantine;reject", hint="", n=30)
def geojson_nested_props(d):
    f = feats()
    f[0]["properties"]["名称"] = {"a": [1, 2]}
    f[1]["properties"]["投资"] = [1]
    f[2]["properties"] = None
    f[3]["properties"]["编号"] = 12345678901234567890
    return gj(d / "s.geojson", f)


@case(want="reject", also="accept;repair", hint="格式|format|gdal|JSON")
def geojson_gdalg(d):
    (d / "s.json").write_text(
        json.dumps({"type": "gdal_streamed_alg", "command_line": "gdal vector read /etc/passwd"})
    )
    return d / "s.json"


@case(want="quarantine", also="repair;reject", hint="坐标|infinity|inf|NaN|JSON")
def geojson_infinity(d):
    p = gj(d / "s.geojson", feats())
    t = p.read_text("utf-8")
    p.write_text(t.replace(f"[{rows()[0][8]},", "[Infinity,"), encoding="utf-8")
    return p


@case(want="accept", also="repair;quarantine", n=30)
def geojson_big_vertices(d):
    f = feats()
    t = np.linspace(0, 2 * np.pi, 400_000)
    f[0]["geometry"] = {
        "type": "Polygon",
        "coordinates": [np.c_[114.5 + 0.01 * np.cos(t), 36.55 + 0.01 * np.sin(t)].tolist()],
    }
    f[0]["geometry"]["coordinates"][0][-1] = f[0]["geometry"]["coordinates"][0][0]
    return gj(d / "s.geojson", f)


@case(want="quarantine", also="repair;accept", hint="crosses|180|范围|坐标|越界|city", n=6)
def poly_partly_outside(d):
    g = polys()
    g.loc[0, "geometry"] = box(114.5, 36.5, 140, 50)
    g.to_file(d / "s.geojson", engine="pyogrio")
    return d / "s.geojson"


@case(want="repair", also="accept;quarantine", hint="洞|hole|invalid|无效", n=6)
def poly_hole_outside(d):
    g = polys()
    f = json.loads(g.to_json(drop_id=True))
    f["features"][0]["geometry"]["coordinates"].append(
        [[114.6, 36.6], [114.61, 36.6], [114.61, 36.61], [114.6, 36.6]]
    )
    return gj(d / "s.geojson", f["features"])


@case(want="quarantine", also="repair", hint="顶点|invalid|无效|图形|zero|面积", n=6)
def poly_degenerate(d):
    g = polys()
    f = json.loads(g.to_json(drop_id=True))["features"]
    f[0]["geometry"]["coordinates"] = [[[114.5, 36.5], [114.51, 36.5], [114.5, 36.5]]]
    f[1]["geometry"]["coordinates"] = [[[114.5, 36.5]] * 5]
    f[2]["geometry"]["coordinates"] = [[[114.5, 36.5], [114.52, 36.5], [114.51, 36.5], [114.5, 36.5]]]
    return gj(d / "s.geojson", f)


@case(want="accept", also="repair;quarantine", n=6)
def poly_tiny(d):
    g = polys()
    g.loc[0, "geometry"] = Point(114.5, 36.55).buffer(1e-7)
    g.to_file(d / "s.geojson", engine="pyogrio", COORDINATE_PRECISION=12)
    return d / "s.geojson"


@case(want="accept", also="repair;quarantine", n=6, hint="重叠|重复|overlap|duplicate|相同")
def poly_duplicate_geom(d):
    g = polys()
    g.loc[1, "geometry"] = g.geometry[0]
    g.to_file(d / "s.geojson", engine="pyogrio")
    return d / "s.geojson"


@case(want="repair", also="accept;quarantine", n=6, hint="相交|overlap|invalid|嵌套|重叠")
def multipoly_overlap(d):
    g = polys()
    f = json.loads(g.to_json(drop_id=True))["features"]
    a = mapping(box(114.5, 36.5, 114.52, 36.52))
    b = mapping(box(114.51, 36.51, 114.53, 36.53))
    f[0]["geometry"] = {"type": "MultiPolygon", "coordinates": [a["coordinates"], b["coordinates"]]}
    return gj(d / "s.geojson", f)


def respace(p, edit):
    """Write the sheet's XML of a workbook in another dialect."""
    return rezip(p, lambda n, x: edit(x))


def _to_strict(x):
    plain = b"http://schemas.openxmlformats.org/"
    return x.replace(
        plain + b"spreadsheetml/2006/main", b"http://purl.oclc.org/ooxml/spreadsheetml/main"
    ).replace(
        plain + b"officeDocument/2006/relationships",
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
    )


def _to_prefixed(x):
    if b"<worksheet" not in x:
        return x
    return re.sub(rb"<(/?)(\w)", rb"<\1x:\2", x.replace(b"xmlns=", b"xmlns:x=", 1))


@case(want="quarantine", also="reject", hint="公式|formula")
def xlsx_strict_formula(d):
    rs = rows()
    rs[3][4] = "=1+1"
    return respace(wxlsx(d / "s.xlsx", rs), _to_strict)


@case(want="quarantine", also="reject", hint="公式|formula")
def xlsx_prefixed_formula(d):
    rs = rows()
    rs[3][4] = "=1+1"
    return respace(wxlsx(d / "s.xlsx", rs), _to_prefixed)
