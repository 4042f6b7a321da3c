"""Files as a hostile or a hurried office would send them, made by code; what must become of each stands above it.

Text tables, coordinates and dates.
"""

import math

import numpy as np

from hostile_support import H, case, feats, gdf, gj, rows, wcsv


# ---------- csv
@case(hint="GB|编码|encoding|UTF", want="accept", also="repair", keep="丛台区;HD-2021-001")
def csv_utf16_bom(d):
    return wcsv(d / "s.csv", rows(), enc="utf-16")


@case(want="accept", also="repair;reject", hint="编码|encoding|UTF-16", keep="丛台区")
def csv_utf16_nobom(d):
    return wcsv(d / "s.csv", rows(), enc="utf-16-le")


@case(want="repair", also="accept;reject", hint="编码|encoding|Big5")
def csv_big5(d):
    rs = [
        [str(c).replace("丛台区", "叢臺區").replace("复兴", "復興").replace("丛台", "叢臺") for c in r]
        for r in rows()
    ]
    h = [x.translate(str.maketrans("编号区县投资进状态开经纬", "編號區縣投資進狀態開經緯")) for x in H]
    h = ["編號", "名稱", "區縣", "用地面積", "投資", "進度", "狀態", "開工日期", "經度", "緯度"]
    rs = [
        [
            "".join(
                {
                    "区": "區",
                    "乐": "樂",
                    "谋": "謀",
                    "划": "劃",
                    "项": "項",
                    "复": "復",
                    "兴": "興",
                    "建": "建",
                    "竣": "竣",
                    "工": "工",
                }.get(c, c)
                for c in str(x)
            )
            for x in r
        ]
        for r in rs
    ]
    return wcsv(d / "s.csv", rs, h=h, enc="big5", errors="replace")


@case(want="accept", also="repair", keep="丛台区")
def csv_semicolon(d):
    return wcsv(d / "s.csv", rows(), delim=";")


@case(want="accept", also="repair", keep="丛台区")
def csv_tab(d):
    return wcsv(d / "s.csv", rows(), delim="\t")


@case(want="repair", also="accept;reject", keep="丛台区")
def csv_fullwidth_comma(d):
    p = wcsv(d / "s.csv", rows())
    p.write_text(p.read_text("utf-8-sig").replace(",", ","), encoding="utf-8")
    return p


@case(want="accept", also="repair", keep="丛台")
def csv_newline_in_quote(d):
    rs = rows()
    rs[3][1] = "丛台\n片区"
    rs[5][1] = '他说"好"'
    return wcsv(d / "s.csv", rs)


@case(want="reject", also="quarantine", hint="引号|quote|解析|parse|行")
def csv_unclosed_quote(d):
    p = wcsv(d / "s.csv", rows())
    t = p.read_bytes().decode("utf-8-sig").split("\r\n")
    t[5] = t[5].replace(",", ',"', 1)
    p.write_text("\r\n".join(t), encoding="utf-8")
    return p


@case(want="reject", also="repair;quarantine", hint="空字节|NUL|损坏|null|控制")
def csv_nul(d):
    p = wcsv(d / "s.csv", rows())
    b = p.read_bytes()
    p.write_bytes(b[:500] + b"\0\0" + b[500:])
    return p


@case(want="reject", also="quarantine;repair", hint="编码|encoding")
def csv_mixed_enc(d):
    p = wcsv(d / "s.csv", rows()[:15], enc="utf-8")
    p.write_bytes(p.read_bytes() + wcsv(d / "t.csv", rows()[15:], h=None, enc="gbk").read_bytes())
    (d / "t.csv").unlink()
    return p


@case(want="reject", hint="empty|空|0 ", n=0, also="accept")
def csv_header_only(d):
    return wcsv(d / "s.csv", [])


@case(want="reject", hint="empty|空|0", n=0)
def csv_zero(d):
    (d / "s.csv").write_bytes(b"")
    return d / "s.csv"


@case(want="reject", hint="表头|header|列")
def csv_no_header(d):
    return wcsv(d / "s.csv", rows(), h=None)


@case(want="reject", hint="编号|列|column")
def csv_no_id(d):
    return wcsv(d / "s.csv", [r[1:] for r in rows()], h=H[1:])


@case(want="accept", also="repair", keep="丛台区")
def csv_header_spaces(d):
    return wcsv(d / "s.csv", rows(), h=[f" {h} " for h in H])


@case(want="accept", also="repair", keep="丛台区")
def csv_trailing_commas(d):
    return wcsv(d / "s.csv", [[*r, "", "", ""] for r in rows()], h=[*H, "", "", ""])


@case(want="quarantine", also="reject", hint="行|列数|field")
def csv_short_row(d):
    rs = rows()
    rs[6] = rs[6][:5]
    return wcsv(d / "s.csv", rs)


@case(want="accept", also="repair", keep="丛台区")
def csv_blank_lines(d):
    rs = rows()
    return wcsv(d / "s.csv", rs[:5] + [[""] * 10] * 3 + rs[5:] + [[]] * 5)


@case(want="accept", also="repair", keep="丛台区")
def csv_cr_only(d):
    return wcsv(d / "s.csv", rows(), nl="\r")


@case(want="accept", also="repair", keep="丛台区")
def csv_sep_line(d):
    p = wcsv(d / "s.csv", rows(), enc="utf-8")
    p.write_text("sep=,\r\n" + p.read_text("utf-8"), encoding="utf-8")
    return p


@case(want="quarantine", also="reject", hint="重复|duplicate", n=60)
def csv_repeated_header(d):
    return wcsv(d / "s.csv", [*rows(), H, *rows()])


@case(want="accept", also="repair;quarantine", hint="投资|数值|number")
def csv_thousands(d):
    rs = rows()
    for r in rs:
        r[4] = f"{r[4]:,}"
    return wcsv(d / "s.csv", rs)


@case(want="repair", also="accept;quarantine", hint="投资|数值|万|亿|unit|单位")
def csv_units_mixed(d):
    rs = rows()
    for i, r in enumerate(rs):
        r[4] = ["1.2亿元", "3500万元", "约800万", "5,000,000元"][i % 4]
    return wcsv(d / "s.csv", rs)


@case(want="repair", also="accept;quarantine", hint="投资|元")
def csv_negative_money(d):
    rs = rows()
    rs[2][4] = -500
    rs[3][4] = "1e400"
    return wcsv(d / "s.csv", rs)


@case(want="reject", also="quarantine", hint="字段|field|大|size|行|解析")
def csv_huge_field(d):
    rs = rows()
    rs[2][1] = "甲" * 2_000_000
    return wcsv(d / "s.csv", rs)


@case(want="accept", also="repair", keep="HD-2021-001")
def csv_gb18030_bom(d):
    p = wcsv(d / "s.csv", rows(), enc="gb18030")
    p.write_bytes(b"\x84\x31\x95\x33" + p.read_bytes())
    return p


@case(want="accept", also="repair")
def csv_utf8_double_bom(d):
    p = wcsv(d / "s.csv", rows(), enc="utf-8")
    p.write_bytes(b"\xef\xbb\xbf\xef\xbb\xbf" + p.read_bytes())
    return p


@case(want="reject", also="quarantine", hint="编码|encoding|乱码|mojibake")
def csv_mojibake(d):
    p = wcsv(d / "s.csv", rows(), enc="utf-8")
    p.write_text(p.read_bytes().decode("gbk", "replace"), encoding="utf-8")
    return p


@case(want="quarantine", also="repair;accept", hint="�|替换|编码|乱码|encoding")
def csv_replacement_chars(d):
    rs = rows()
    rs[2][1] = "丛台\ufffd\ufffd片区"
    return wcsv(d / "s.csv", rs)


@case(want="quarantine", hint="重复|duplicate", also="reject")
def csv_dup_ids_case(d):
    rs = rows()
    rs[1][0] = "hd-2021-001"
    rs[2][0] = " HD-2021-001 "
    rs[3][0] = "HD-2021-001"
    return wcsv(d / "s.csv", rs)


@case(want="quarantine", also="accept;repair;reject", hint="重复|duplicate", n=30)
def csv_dup_rows_exact(d):
    rs = rows()
    rs[5] = list(rs[4])
    rs[9] = list(rs[4])
    return wcsv(d / "s.csv", rs)


@case(want="quarantine", also="repair", hint="科学|编号|失真|E\\+")
def csv_id_scientific(d):
    rs = rows()
    rs[0][0] = "1.30403E+19"
    rs[1][0] = "1.30403E+19"
    return wcsv(d / "s.csv", rs)


@case(want="repair", also="accept", keep="HD-2021-001")
def csv_id_excel_text(d):
    rs = rows()
    for r in rs:
        r[0] = "=" + '"' + r[0] + '"'
    return wcsv(d / "s.csv", rs)


@case(want="repair", also="accept", keep="HD-2021-001")
def csv_id_apostrophe(d):
    rs = rows()
    for r in rs:
        r[0] = "'" + r[0]
    return wcsv(d / "s.csv", rs)


@case(want="repair", also="accept", keep="HD-2021-001", hint="空|control|控制|NFKC|全角")
def csv_id_zero_width(d):
    rs = rows()
    for r in rs[:5]:
        r[0] = "\u200b" + r[0] + "\u00a0"
    return wcsv(d / "s.csv", rs)


@case(want="accept", also="quarantine", hint="合计|total|footer|汇总|小计")
def csv_subtotals(d):
    rs = rows()
    return wcsv(
        d / "s.csv",
        [
            *rs[:10],
            ["小计", "", "", "", sum(r[4] for r in rs[:10])] + [""] * 5,
            *rs[10:],
            ["总 计", "", "", "", sum(r[4] for r in rs)] + [""] * 5,
        ],
    )


@case(want="accept", also="quarantine", hint="合计|total|不符|mismatch")
def csv_total_mismatch(d):
    rs = rows()
    return wcsv(d / "s.csv", [*rs, ["合计", "", "", "", 999] + [""] * 5])


@case(want="accept", also="repair;quarantine", hint="")
def csv_name_starts_with_total(d):
    rs = rows()
    rs[3][1] = "合计里小区"
    rs[4][1] = "合计"
    rs[5][0] = "注1号"
    return wcsv(d / "s.csv", rs)


@case(want="quarantine", also="repair", hint="日期|date")
def csv_dates_1900(d):
    rs = rows()
    rs[0][7] = "1900-01-00"
    rs[1][7] = "0000-00-00"
    rs[2][7] = "9999-12-31"
    rs[3][7] = "2021-02-30"
    return wcsv(d / "s.csv", rs)


@case(want="quarantine", also="repair", hint="日期|date")
def csv_dates_ambig(d):
    rs = rows()
    rs[0][7] = "03/04/2021"
    rs[1][7] = "13/04/2021"
    rs[2][7] = "Sep 30, 2021"
    rs[3][7] = "30-Sep-21"
    rs[4][7] = "2021年9月30日上午"
    rs[5][7] = "民国110年9月"
    return wcsv(d / "s.csv", rs)


# ---------- coordinates
@case(want="quarantine", also="repair;reject", hint="经纬度|swap|颠倒|互换|坐标")
def xy_swapped_some(d):
    rs = rows()
    for r in rs[:5]:
        r[8], r[9] = r[9], r[8]
    return wcsv(d / "s.csv", rs)


@case(want="quarantine", also="reject;accept;repair", hint="BD|百度|偏移|offset")
def bd09_as_wgs84(d):
    from renewal_gis.geo.crs import wgs84_to_gcj02

    rs = rows()
    gj(d / "control.geojson", feats(rs[:8]))

    def bd(lon, lat):
        x, y = wgs84_to_gcj02(np.array([lon]), np.array([lat]))
        x, y = float(x[0]), float(y[0])
        z = math.hypot(x, y) + 2e-5 * math.sin(y * math.pi * 3000 / 180)
        t = math.atan2(y, x) + 3e-6 * math.cos(x * math.pi * 3000 / 180)
        return z * math.cos(t) + 0.0065, z * math.sin(t) + 0.006

    for r in rs:
        r[8], r[9] = bd(r[8], r[9])
    return wcsv(d / "s.csv", rs)


@case(want="quarantine", also="reject;accept;repair", hint="GCJ|火星|偏移|offset")
def gcj_some_rows(d):
    from renewal_gis.geo.crs import wgs84_to_gcj02

    rs = rows()
    gj(d / "control.geojson", feats(rs))
    for r in rs[:6]:
        x, y = wgs84_to_gcj02(np.array([r[8]]), np.array([r[9]]))
        r[8], r[9] = float(x[0]), float(y[0])
    return wcsv(d / "s.csv", rs)


def tocrs(rs, epsg, names=None, swap=False, off=0):
    g = gdf(rs, crs=epsg)
    for r, p in zip(rs, g.geometry, strict=False):
        r[8], r[9] = (round(p.y, 3), round(p.x + off, 3)) if swap else (round(p.x + off, 3), round(p.y, 3))
    return rs


@case(want="repair", also="reject;quarantine", hint="坐标|CRS|4547|带|投影|米")
def gk_plain_in_lonlat(d):
    return wcsv(d / "s.csv", tocrs(rows(), 4547))


@case(want="repair", also="reject;quarantine", hint="3857|墨卡托|坐标|范围")
def webmercator_csv(d):
    return wcsv(d / "s.csv", tocrs(rows(), 3857))


@case(want="repair", also="reject;quarantine", hint="UTM|坐标|范围|带|zone")
def utm50_csv(d):
    return wcsv(d / "s.csv", tocrs(rows(), 32650), h=[*H[:8], "X", "Y"])


@case(want="repair", also="reject;quarantine", hint="带号|zone|6")
def gk6_prefix_csv(d):
    return wcsv(d / "s.csv", tocrs(rows(), 4498), h=[*H[:8], "X坐标", "Y坐标"])


@case(want="repair", also="reject;quarantine", hint="带|zone|117|39")
def gk_wrong_belt39(d):
    return wcsv(d / "s.csv", tocrs(rows(), 4527), h=[*H[:8], "X坐标", "Y坐标"])


@case(want="reject", also="quarantine;repair", hint="坐标|带|zone|范围")
def gk_prefix37(d):
    rs = tocrs(rows(), 4526)
    for r in rs:
        r[8] -= 1_000_000
    return wcsv(d / "s.csv", rs, h=[*H[:8], "X坐标", "Y坐标"])


@case(want="repair", also="quarantine;reject", hint="轴|axis|X|Y")
def gk_survey_noprefix(d):
    return wcsv(d / "s.csv", tocrs(rows(), 4547, swap=True), h=[*H[:8], "X(米)", "Y(米)"])


@case(want="quarantine", also="repair;reject", hint="坐标|带|zone")
def gk_mixed_prefix(d):
    rs = tocrs(rows(), 4547)
    for r in rs[:8]:
        r[8] += 38_000_000
    return wcsv(d / "s.csv", rs, h=[*H[:8], "X坐标", "Y坐标"])


@case(want="repair", also="quarantine;reject", hint="度分秒|DMS|°")
def dms_variants(d):
    rs = rows()

    def f(v, i, ew):
        a = int(v)
        m = int((v - a) * 60)
        s = (v - a - m / 60) * 3600
        return [
            f"{a}°{m:02d}′{s:05.2f}″",
            f"{a}度{m}分{s:.2f}秒",
            f"{ew}{a}°{m}'{s:.1f}\"",
            f"{a}-{m}-{s:.1f}",
            f"{a}:{m}:{s:.1f}",
            f"{a} {m} {s:.1f}",
            f"{a}°{m + s / 60:.4f}′",
            f"{a}d{m}m{s:.1f}s",
        ][i % 8]

    for i, r in enumerate(rs):
        r[8], r[9] = f(r[8], i, "E"), f(r[9], i, "N")
    return wcsv(d / "s.csv", rs)


@case(want="repair", also="quarantine;reject", hint="度分秒|DMS|°")
def dms_decimal_packed(d):
    rs = rows()

    def f(v):
        a = int(v)
        m = int((v - a) * 60)
        s = (v - a - m / 60) * 3600
        return f"{a}.{m:02d}{int(s * 100):04d}"

    for r in rs:
        r[8], r[9] = f(r[8]), f(r[9])
    return wcsv(d / "s.csv", rs)


@case(want="repair", also="accept;quarantine", hint="坐标")
def coord_comma_decimal(d):
    rs = rows()
    for r in rs:
        r[8], r[9] = str(r[8]).replace(".", ","), str(r[9]).replace(".", ",")
    return wcsv(d / "s.csv", rs)


@case(want="accept", also="repair")
def coord_one_column(d):
    return wcsv(d / "s.csv", [[*r[:8], f"{r[8]},{r[9]}"] for r in rows()], h=[*H[:8], "坐标"])


@case(want="repair", also="accept;quarantine", hint="经纬度|swap|颠倒|互换")
def coord_one_column_latlon(d):
    return wcsv(d / "s.csv", [[*r[:8], f"{r[9]},{r[8]}"] for r in rows()], h=[*H[:8], "经纬度"])


@case(want="repair", also="accept")
def coord_suffix_EN(d):
    return wcsv(d / "s.csv", [[*r[:8], f"{r[8]}°E", f"北纬{r[9]}°"] for r in rows()])


@case(want="repair", also="accept;quarantine", hint="全角|坐标|读作")
def coord_fullwidth(d):
    rs = rows()
    for r in rs:
        r[8] = "".join(chr(ord(c) + 0xFEE0) for c in str(r[8]))
        r[9] = str(r[9]).replace(".", "。") if 0 else str(r[9])
    return wcsv(d / "s.csv", rs)


@case(want="quarantine", hint="坐标|重复|duplicate|相同|精度|同一", also="accept;repair")
def coord_all_same(d):
    rs = rows()
    for r in rs:
        r[8], r[9] = 114.5, 36.6
    return wcsv(d / "s.csv", rs)


@case(want="quarantine", also="accept;repair", hint="精度|小数|precision|坐标")
def coord_low_precision(d):
    rs = rows()
    for r in rs:
        r[8], r[9] = round(r[8], 1), round(r[9], 1)
    return wcsv(d / "s.csv", rs)


@case(want="quarantine", also="repair", hint="坐标|范围|range")
def coord_negative_lon(d):
    rs = rows()
    for r in rs[:3]:
        r[8] = -r[8]
    return wcsv(d / "s.csv", rs)


@case(want="quarantine", hint="坐标|范围|range|nan|inf")
def coord_nan_inf_text(d):
    rs = rows()
    rs[0][8] = "NaN"
    rs[1][8] = "inf"
    rs[2][9] = "#N/A"
    rs[3][9] = "1e999"
    return wcsv(d / "s.csv", rs)


@case(want="quarantine", hint="坐标|范围|range", also="accept")
def coord_other_city(d):
    rs = rows()
    rs[0][8], rs[0][9] = 116.4, 39.9
    rs[1][8], rs[1][9] = 121.5, 31.2
    return wcsv(d / "s.csv", rs)


@case(want="reject", also="quarantine", hint="坐标|范围|range")
def coord_all_other_city(d):
    rs = rows()
    for r in rs:
        r[8] += 3
        r[9] += 3
    return wcsv(d / "s.csv", rs)


@case(want="quarantine", also="accept;repair;reject", hint="坐标|缺|missing|位置")
def coord_no_columns(d):
    return wcsv(d / "s.csv", [r[:8] for r in rows()], h=H[:8])


@case(want="quarantine", also="repair", hint="坐标|一半|缺|missing")
def coord_half(d):
    rs = rows()
    rs[0][8] = ""
    rs[1][9] = ""
    return wcsv(d / "s.csv", rs)


@case(want="accept", also="repair")
def wkt_column(d):
    return wcsv(d / "s.csv", [[*r[:8], f"POINT ({r[8]} {r[9]})"] for r in rows()], h=[*H[:8], "WKT"])


@case(want="quarantine", hint="WKT|图形|坐标|解析")
def wkt_bad(d):
    rs = [[*r[:8], f"POINT ({r[8]} {r[9]})"] for r in rows()]
    rs[0][8] = "POINT (114.5"
    rs[1][8] = "POLYGON EMPTY"
    rs[2][8] = "not wkt"
    return wcsv(d / "s.csv", rs, h=[*H[:8], "WKT"])
