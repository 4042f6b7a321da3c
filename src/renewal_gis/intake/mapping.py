"""An office's words → ours: headers to columns, unit names and categories to the plan's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from renewal_gis.intake.cells import UNITS, squeeze

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renewal_gis.plan import Plan, Programme


@dataclass(frozen=True, slots=True)
class Column:
    """One of our columns: how its cells are read, and what offices call it."""

    name: str
    kind: str
    label: str
    synonyms: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Every header that means this column, the best first."""
        return (self.label, *self.synonyms)


SITE_COLUMNS: tuple[Column, ...] = (
    Column(
        "site_id",
        "id",
        "编号",
        ("项目编号", "项目编码", "编码", "台账编号", "点位编号", "唯一编号", "项目代码", "site_id", "id"),
    ),
    Column(
        "name",
        "text",
        "项目名称",
        (
            "名称",
            "小区名称",
            "街巷名称",
            "道路名称",
            "点位名称",
            "片区名称",
            "路名",
            "项目",
            "工程名称",
            "旱厕名称",
            "楼盘名称",
            "name",
        ),
    ),
    Column(
        "declared_unit",
        "unit",
        "责任单位",
        (
            "区县",
            "县区",
            "所属区县",
            "县(市、区)",
            "县市区",
            "所在区县",
            "责任县区",
            "属地",
            "行政区",
            "辖区",
            "责任主体",
            "unit",
        ),
    ),
    Column(
        "township",
        "text",
        "街道(乡镇)",
        ("街道", "乡镇", "街道办", "所属街道", "街道乡镇", "乡镇街道", "乡(镇)街道", "所在街道"),
    ),
    Column(
        "address",
        "text",
        "地址",
        ("详细地址", "位置", "项目地址", "建设地点", "地点", "四至", "起止点", "具体位置"),
    ),
    Column("households", "count", "户数", ("居民户数", "涉及户数", "总户数", "惠及户数", "受益户数")),
    Column("buildings", "count", "楼栋数", ("栋数", "楼栋", "楼数", "楼幢数", "幢数")),
    Column("dwellings", "count", "套数", ("住宅套数", "总套数", "房屋套数", "安置套数")),
    Column("floor_area_m2", "area", "建筑面积", ("总建筑面积", "面积", "改造面积", "楼房面积")),
    Column(
        "investment_wan",
        "money",
        "投资",
        ("总投资", "计划投资", "投资额", "投资金额", "估算投资", "总投资额", "项目投资"),
    ),
    Column("leader", "text", "分包领导", ("包联领导", "责任领导", "包保领导", "分包县级领导", "牵头领导")),
    Column("task_force", "text", "推进专班", ("专班", "工作专班", "责任专班")),
    Column("contractor", "text", "施工单位", ("承建单位", "施工企业", "建设施工单位", "中标单位")),
    Column(
        "planned_start",
        "date",
        "计划开工",
        ("计划开工时间", "计划开工日期", "拟开工时间", "计划启动时间", "计划开始时间"),
    ),
    Column(
        "planned_finish",
        "date",
        "计划完工",
        (
            "计划完工时间",
            "计划完工日期",
            "计划竣工",
            "计划竣工时间",
            "计划竣工日期",
            "计划完成时间",
            "完成时限",
            "完成时间",
        ),
    ),
    Column(
        "actual_start",
        "date",
        "实际开工",
        ("实际开工时间", "实际开工日期", "开工日期", "开工时间", "启动时间"),
    ),
    Column(
        "actual_finish",
        "date",
        "实际完工",
        (
            "实际完工时间",
            "实际完工日期",
            "完工日期",
            "完工时间",
            "竣工日期",
            "竣工时间",
            "实际竣工",
            "实际竣工时间",
            "实际完成时间",
        ),
    ),
    Column("category", "category", "类别", ("类型", "项目类别", "项目类型", "街巷类别", "分类")),
    Column(
        "content_items", "items", "改造内容", ("建设内容", "改造项目", "工作内容", "主要内容", "改造提升内容")
    ),
    Column("notes", "text", "备注", ("说明", "备注说明", "存在问题")),
    Column(
        "consulted_share",
        "share",
        "征求意见比例",
        ("征求意见率", "征求意见", "意见征求比例", "居民意见征求率"),
    ),
    Column("satisfied_share", "share", "居民满意度", ("满意度", "群众满意度", "满意率")),
    Column("photo_before", "photo", "改造前照片", ("改造前", "改前照片", "整治前照片", "photo_before")),
    Column("photo_after", "photo", "改造后照片", ("改造后", "改后照片", "整治后照片", "photo_after")),
    Column("length_m", "length", "长度", ("道路长度", "街巷长度", "全长", "里程")),
    Column(
        "progress_share",
        "share",
        "进度",
        ("形象进度", "完成进度", "工程进度", "工作进度", "完成比例", "进展", "完成率"),
    ),
    Column(
        "lon",
        "position",
        "经度",
        ("东经", "经度坐标", "中心经度", "lon", "lng", "long", "longitude", "经度e"),
    ),
    Column("lat", "position", "纬度", ("北纬", "纬度坐标", "中心纬度", "lat", "latitude", "纬度n")),
    Column("x", "position", "X坐标", ("x", "坐标x", "横坐标x", "中心点x", "point_x", "x轴")),
    Column("y", "position", "Y坐标", ("y", "坐标y", "纵坐标y", "中心点y", "point_y", "y轴")),
    Column("east", "position", "东坐标", ("横坐标", "东向坐标", "easting", "e坐标", "东")),
    Column("north", "position", "北坐标", ("纵坐标", "北向坐标", "northing", "n坐标", "北")),
    Column(
        "pair",
        "position",
        "坐标",
        ("经纬度", "坐标位置", "中心坐标", "中心点坐标", "位置坐标", "经纬度坐标", "coordinates"),
    ),
    Column("wkt", "position", "WKT", ("图形", "几何", "geometry", "geom", "the_geom", "范围线")),
)
"""What a site workbook may hold. ``position`` columns become the geometry, ``progress_share`` a note."""

OWN_HEADER = "核对意见"
"""The column that a return file carries beside the office's own; it is no data."""

EVENT_COLUMNS: tuple[Column, ...] = (
    Column("site_id", "id", "编号", ("项目编号", "项目编码", "编码", "site_id", "id")),
    Column("date", "date", "日期", ("时间", "完成日期", "发生日期", "事件日期", "进展日期", "date")),
    Column("stage", "text", "阶段", ("状态", "进度", "进展", "进展阶段", "项目阶段", "形象进度", "stage")),
    Column("unit", "text", "填报单位", ("责任单位", "报送单位")),
    Column("recorded_by", "text", "填报人", ("操作人", "报送人", "经办人", "填表人", "by")),
    Column("note", "text", "说明", ("备注", "情况说明", "进展情况", "note")),
)


@dataclass(frozen=True, slots=True)
class Bound:
    """A header bound to a column, and what its unit multiplies by."""

    column: Column
    factor: float = 1.0


def split_header(header: object) -> tuple[str, str]:
    """Return a header as compared, and the unit that stands behind it.

    Examples
    --------
    >>> split_header("建筑面积 (万平方米)")
    ('建筑面积', '万平方米')
    >>> split_header("*编号:")
    ('编号', '')
    """
    text = simplify(header).lower().strip("*★:")
    match = re.search(r"[(\[【/]([^()\[\]【】/]*)[)\]】]?$", text)
    if (
        match
        and match.start() > 0
        and (match[1] in ("%", "°", "度") or any(match[1] in units for units in UNITS.values()))
    ):
        return text[: match.start()], match[1]
    return text, ""


def bind_header(
    header: object, columns: Sequence[Column], extra: Mapping[str, Sequence[str]]
) -> Bound | None:
    """Return the column that a header means, or None.

    Parameters
    ----------
    header
        The office's word, with or without a unit in brackets.
    columns
        :data:`SITE_COLUMNS` or :data:`EVENT_COLUMNS`.
    extra
        The plan's own mapping: our column → the office's headers. It goes before the synonyms.
    """
    base, unit = split_header(header)
    if not base:
        return None
    index = _index_words(tuple(columns), tuple((name, tuple(words)) for name, words in extra.items()))
    column = index.get(simplify(header).lower().strip("*★:")) or index.get(base)
    return None if column is None else Bound(column, _factor(column, unit))


@lru_cache(maxsize=16)
def _index_words(
    columns: tuple[Column, ...], extra: tuple[tuple[str, tuple[str, ...]], ...]
) -> dict[str, Column]:
    """Return every header, whole and without its unit, with the column that it means; the plan's words first."""
    by_name = {column.name: column for column in columns}
    own = [(word, by_name[name]) for name, words in extra if name in by_name for word in words]
    index: dict[str, Column] = {}
    for word, meant in [*own, *((word, column) for column in columns for word in column.words)]:
        index.setdefault(simplify(word).lower(), meant)
        index.setdefault(split_header(word)[0], meant)
    return index


def bind_cut_header(header: str, columns: Sequence[Column]) -> Bound | None:
    """Return the one column whose words begin with a header that was cut short, or None."""
    text = simplify(header).lower().rstrip("_0123456789")
    fitting = [
        column
        for column in columns
        if len(text) >= 2 and any(split_header(word)[0].startswith(text) for word in column.words)
    ]
    return Bound(fitting[0]) if len(fitting) == 1 else None


def _factor(column: Column, unit: str) -> float:
    return UNITS.get(column.kind, {}).get(unit, 1.0) if unit else 1.0


def rank_of(header: object, column: Column, extra: Mapping[str, Sequence[str]]) -> int:
    """Return how well a header names a column; 0 is best. Decides between two headers of one meaning."""
    base, _ = split_header(header)
    words = [simplify(word).lower() for word in (*extra.get(column.name, ()), *column.words)]
    stems = [split_header(word)[0] for word in words]
    return stems.index(base) if base in stems else len(stems)


_TRADITIONAL = str.maketrans(
    "區縣礦復興臺叢馮開發經濟術鎮鄉莊豐漢澤廣館陶魏磁鄲領導專業進東樂邯關線頭寧陽灣島龍門馬鳥義慶萬億園團圍廈廠廟勝衛長靈漳徑繁榮橋機場站點雞涉臨趙劉陳張楊黃吳鄭許鄧韓曹彭蕭蔣餘葉閻賈鄒肅潤濱濟齊魯蘇貴雲藏"
    "陝臺灣內蒙遼滬渝編號稱積資狀態緯備註戶數樓棟層規劃項謀設計單責實際驗類別範條碼時間說報審請圖標總額頃畝組聯繫電話職務學醫圾網絡築屬擴遷買賣產裡裏幣處寬邊國軌溝無為過對該續辦結準",
    "区县矿复兴台丛冯开发经济术镇乡庄丰汉泽广馆陶魏磁郸领导专业进东乐邯关线头宁阳湾岛龙门马鸟义庆万亿园团围厦厂庙胜卫长灵漳径繁荣桥机场站点鸡涉临赵刘陈张杨黄吴郑许邓韩曹彭萧蒋余叶阎贾邹肃润滨济齐鲁苏贵云藏"
    "陕台湾内蒙辽沪渝编号称积资状态纬备注户数楼栋层规划项谋设计单责实际验类别范条码时间说报审请图标总额顷亩组联系电话职务学医圾网络筑属扩迁买卖产里里币处宽边国轨沟无为过对该续办结准",
)


def simplify(text: object) -> str:
    """Return a name for comparison: NFKC, without white space, traditional forms made simple."""
    return squeeze(text).translate(_TRADITIONAL)


@dataclass(frozen=True, slots=True)
class UnitNames:
    """The plan's units by every way to write them."""

    by_word: Mapping[str, str]
    city: str

    def find(self, word: object) -> str:
        """Return the full name of a unit, or an empty text.

        The word may be an alias, in traditional characters, with blanks inside, or carry the
        province's and the city's name in front or ``人民政府`` and the like behind.
        """
        text = simplify(word)
        for candidate in (text, *self._stripped(text)):
            if candidate in self.by_word:
                return self.by_word[candidate]
        return ""

    def _stripped(self, text: str) -> list[str]:
        stem = re.sub(r"(人民政府|政府|管委会|管理委员会|住建局|住房和城乡建设局|城管局)$", "", text)
        city = self.city.removesuffix("市")
        front = re.sub(rf"^(?:[\u4e00-\u9fff]{{2,3}}省)?{re.escape(city)}市?", "", stem) if city else stem
        return [stem, re.sub(r"^[\u4e00-\u9fff]{2,3}省", "", stem), front]


def collect_unit_names(plan: Plan) -> UnitNames:
    """Return the plan's units by full name and alias; a word that two units share is left out."""
    words: dict[str, str] = {}
    shared: set[str] = set()
    for unit in plan.units:
        for alias in {simplify(word) for word in (unit.name, *unit.aliases, unit.code)}:
            if words.get(alias, unit.name) != unit.name:
                shared.add(alias)
            words[alias] = unit.name
    return UnitNames({word: name for word, name in words.items() if word not in shared}, simplify(plan.city))


def find_category(word: object, programme: Programme | None) -> str:
    """Return the code of a category by its name or code, or an empty text."""
    text = simplify(word)
    for category in programme.categories if programme else ():
        names = {category.id, simplify(category.name)}
        if text in names or text.removesuffix("街巷").removesuffix("类") in names:
            return category.id
    return ""


def find_stage(word: object, stages: Mapping[str, str]) -> str:
    """Return the code of a stage by label or code, or an empty text.

    Parameters
    ----------
    word
        What the office wrote.
    stages
        Label or code → code, compared by :func:`simplify`.
    """
    return stages.get(simplify(word), "")
