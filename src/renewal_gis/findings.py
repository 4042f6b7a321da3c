"""What is wrong with the data, told so that the office can mend it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from renewal_gis.errors import RenewalError
from renewal_gis.vocab import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of fault: its code, weight, meaning and remedy (templates of :class:`Finding` fields)."""

    code: str
    severity: Severity
    text: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in the data.

    ``file``, ``sheet``, ``row`` (as the office counts, 1 = first line of the sheet), ``field``
    and ``value`` say where; ``site_id`` names the ledger row where there is one.
    """

    code: str
    severity: Severity
    text: str
    remedy: str
    file: str = ""
    sheet: str = ""
    row: int | None = None
    field: str = ""
    value: str = ""
    site_id: str = ""


RULES: dict[str, Rule] = {}


def _rule(code: str, severity: Severity, text: str, remedy: str) -> None:
    RULES[code] = Rule(code, severity, text, remedy)


_W, _E, _I = Severity.WARNING, Severity.ERROR, Severity.INFO
_rule("header-missing", _E, "缺少必需列“{field}”", "补上该列,或在方案文件的列名映射中写明它的名称")
_rule(
    "header-unknown",
    _I,
    "列“{field}”不在台账字段中,已原样保留在备注",
    "如需入库,请在方案文件的列名映射中写明",
)
_rule("id-missing", _W, "该行没有编号,已隔离", "请由市级主管单位赋码后重报")
_rule("id-duplicate", _W, "编号“{value}”重复,后一行已隔离", "核对是否重复填报;不同项目请重新赋码")
_rule("name-missing", _W, "该行没有名称", "请补填项目名称")
_rule("unit-unknown", _W, "责任单位“{value}”不在方案所列单位中", "请填写方案中的单位全称,或在方案别名中补充")
_rule(
    "unit-column-missing",
    _W,
    "没有“责任单位”列:各行按位置或乡镇归属,归属不明的只计入全市",
    "补上该列,或在方案文件的列名映射中写明它的名称",
)
_rule("unit-alias", _I, "责任单位“{value}”已按别名归并为“{new}”", "无需处理;建议使用全称")
_rule("unit-filled", _I, "责任单位为合并单元格,已取上方“{new}”", "无需处理")
_rule("date-unread", _W, "“{field}”的日期“{value}”无法识别,已留空", "请写成 2021-09-30 的形式")
_rule("date-assumed", _I, "“{field}”的日期“{value}”按“{new}”理解", "请核对;建议写成 2021-09-30 的形式")
_rule("number-unread", _W, "“{field}”的数值“{value}”无法识别,已留空", "请只填数字")
_rule("number-repaired", _I, "“{field}”的数值“{value}”按 {new} 理解", "请核对;建议只填数字")
_rule("category-unknown", _W, "类别“{value}”不在方案所列类别中,已留空", "请填写方案中的类别名称")
_rule("stage-unknown", _W, "阶段“{value}”不在该专项的阶段中,该条已隔离", "请填写方案中的阶段名称")
_rule("stage-backwards", _W, "阶段由“{value}”退回“{new}”,已记录", "请核实;确需退回请以更正说明原因")
_rule("event-unknown-site", _W, "进度记录的编号“{value}”不在台账中,该条已隔离", "请核对编号")
_rule("total-mismatch", _W, "合计行“{value}”与明细之和 {new} 不符", "请核对明细是否漏报或重报")
_rule("total-row", _I, "合计行已用于校核,不作为项目", "无需处理")
_rule("location-missing", _W, "没有位置,仍计入任务数,但不上图", "请补充经纬度或范围线")
_rule("location-outside", _W, "位置({value})在本市范围以外", "请核对坐标及坐标系")
_rule("geometry-orphan", _W, "空间数据中的编号“{value}”不在台账中", "请核对编号,或补报台账行")
_rule("geometry-repaired", _I, "图形有自相交或未闭合,已修复:{value}", "请核对修复后的范围")
_rule(
    "unit-disagrees",
    _W,
    "填报单位为“{value}”,位置落在“{new}”,区县不一致",
    "请核对位置或填报单位;统计仍按填报单位",
)
_rule("scope-outside", _W, "项目不在目标“{field}”的单位范围内({value}),未计入该目标", "请核对责任单位")
_rule("ledger-differs", _W, "目标“{field}”任务 {value},台账 {new}", "请核对是否漏报或多报")
_rule(
    "task-leader-missing", _W, "没有分包领导或推进专班", "方案要求每项工作一个分包领导、一个推进专班,请补填"
)
_rule("unit-unplaced", _W, "责任单位不明,位置也不能判断,只计入全市", "请填写方案中的单位全称,或补充位置")
_rule("weight-missing", _W, "没有套数,按套数计量的目标未计入该行", "请补填套数")
_rule("gate-breached", _W, "不符合方案要求:{value}", "请核对并补充材料")
_rule("road-refused", _W, "道路几何图形无法使用:{value},已隔离", "请检查该要素的图形")
_rule("road-mended", _I, "道路要素已修正:{value}", "请核对修正后的内容")
_rule("road-astray", _W, "道路远离本文件的其余道路:位于 {value}", "请核对坐标是否错位、坐标系是否一致")
_rule("road-double", _I, "道路要素{value}", "无需处理;如为不同道路请核对图形")
_rule(
    "road-class-unknown",
    _I,
    "道路等级不认识,按未分级道路处理:{value}",
    "请在列名映射中核对,或改用标准等级名称",
)
_rule(
    "road-class-missing",
    _W,
    "没有道路等级列,全部按未分级道路处理;文件的列有 {value}",
    "请补充道路等级,或在方案的列名映射中写明",
)
_rule("road-not-street", _I, "人行、骑行等非车行线要素未计入路网:{value}", "无需处理")
_rule("road-planned", _I, "在建、规划道路不计入现状路网,另作规划道路参考:{value}", "无需处理")
_rule(
    "road-edges",
    _W,
    "线多成对平行、很少相接,疑为道路边线而非中心线{value}",
    "请提供道路中心线;边线须先提取中心线",
)
_rule("road-not-opened", _W, "台账已打通、路网未连通:{value}", "请现场核实,并更新路网数据或更正台账")
_rule("crs-mixed", _E, "坐标系为“{value}”,与声明不符", "请核对坐标系后重报")
_rule("row-refused", _W, "该行无法使用:{value},已隔离", "请修改后重报")
_rule("header-merged", _I, "表头在第 {value} 行,为合并或多行表头,已识别", "无需处理")
_rule("header-found", _I, "表头(header)在第 {value} 行,其上为标题或说明", "无需处理")
_rule("header-repeated", _I, "该行重复表头(header),不作为项目", "无需处理")
_rule("heading-row", _I, "小标题“{value}”不作为项目", "无需处理;如为项目请补填编号和名称")
_rule("unit-converted", _I, "“{field}”按单位“{value}”换算(×{new})", "无需处理")
_rule("text-garbled", _W, "“{field}”的“{value}”含乱码(encoding,�)", "请从原文件核对后重填")
_rule("file-unended", _I, "最后一行没有换行,文件可能不完整(truncated)", "请核对末行和行数")
_rule("row-short", _W, "该行只有 {value} 列(field),表头有 {new} 列,缺的按空白读", "请核对该行是否完整")
_rule("sheet-hidden", _I, "工作簿另有隐藏(hidden)的工作表“{value}”,没有读", "如需入库请取消隐藏并写明工作表")
_rule("rows-hidden", _I, "有 {value} 行(列)被隐藏或筛选(hidden,filter),已照常读入", "请核对是否确属本次报送")
_rule("id-padded", _I, "编号 {value} 按单元格格式补零,读作“{new}”", "建议把编号列设为文本")
_rule("row-deleted", _I, "{value} 条记录已标记删除(deleted),没有读", "无需处理;如需保留请恢复后重新导出")
_rule("log-read", _I, "旁有未合并的日志({value}),已一并读取", "建议关闭编辑软件后再报")
_rule("location-repeated", _W, "{value} 个项目的位置完全相同(重复 duplicate):{new}", "请核对是否为占位坐标")
_rule("location-coarse", _W, "{value} 行坐标的小数不足三位,精度(precision)低于约 100 米", "请补充到六位小数")
_rule("location-packed", _W, "坐标({value})疑为度分秒(DMS)写成的小数(度.分秒),位置已隔离", "请换算为度后重报")
_rule(
    "location-ambiguous",
    _W,
    "坐标({value})可按“{new}”理解,相差很大,位置已隔离",
    "请在方案的 sources 中用 crs 写明坐标系",
)
_rule("geometry-beyond", _W, "图形伸出本市范围(range):{value}", "请核对图形与坐标系")
_rule("district-unknown", _W, "区县名称“{value}”不在方案所列单位中", "请填写方案中的单位全称")
_rule(
    "photo-missing",
    _W,
    "“{field}”的“{value}”不能使用:{new}",
    "照片放在表格所在文件夹内,填相对路径,如 照片/A-01.jpg",
)
_rule("district-shape", _W, "区县的图形类型(geometry)是 {value},不是面,已隔离", "请报送面图层")
_rule("district-unnamed", _W, "该区县没有名称(name 为空),已隔离", "请补填名称")
_rule("district-code-repeated", _W, "区县代码“{value}”重复(duplicate)", "请核对代码")
_rule("event-repeated", _I, "该项目再次报送同一阶段(重复 duplicate),以首次日期为准:{value}", "请核对日期")
_rule("event-same-time", _I, "该项目有几个阶段的时间(time)相同:{value}", "请核对日期")
_rule(
    "header-rival",
    _W,
    "列“{value}”与“{field}”含义相同,以“{field}”为准",
    "请删去其中一列,或在方案的列名映射中写明",
)
_rule(
    "field-cut", _I, "字段名(field)被截断,读作“{field}”", "shapefile 字段名不超过 10 字节;建议改报 GeoPackage"
)
_rule("encoding-found", _I, "文件编码(encoding)按 {value} 读取", "建议另存为 UTF-8,或附 .cpg 文件")
_rule("footer-row", _I, "表尾“{value}”不作为项目", "无需处理")
_rule("row-ragged", _W, "该行列数(field)与表头不符,已隔离", "多半是名称中的逗号没有加引号,请修改后重报")
_rule("cell-filled", _I, "“{field}”为合并单元格(merged),已取上方“{new}”", "无需处理")
_rule("merged-number", _W, "“{field}”的“{value}”为合并单元格,只计入首行", "请按项目分别填写")
_rule("text-repaired", _I, "“{field}”的“{value}”含全角或控制字符(control),已改为“{new}”(NFKC)", "无需处理")
_rule("id-unread", _W, "编号“{value}”被表格软件存为数字,末位已失真,已隔离", "请把编号列设为文本后重新填写")
_rule(
    "formula-empty",
    _W,
    "“{field}”是没有计算结果的公式(formula),读不到数值,已隔离",
    "请用 WPS 或 Excel 打开、保存后重报",
)
_rule("location-zero", _W, "坐标为零点({value}),不在本市范围,位置已隔离", "请补充经纬度")
_rule("location-mixed", _W, "坐标({value})与本列其余各行不是同一坐标系,位置已隔离", "请统一坐标系后重报")
_rule("location-unread", _W, "坐标“{value}”无法识别,位置已隔离", "请填写经纬度(度),如 114.4900")
_rule("location-read", _I, "坐标“{value}”{new}", "请核对位置;建议填写 CGCS2000 经纬度(度)")
_rule("location-assumed", _W, "{value} 行坐标{new}", "请核对,并在方案的 sources 中用 crs 写明坐标系")
_rule("geometry-refused", _W, "图形无法使用:{value},位置已隔离", "请检查该要素的图形")
_rule("geometry-flattened", _I, "图形带高程或测量值({value}),只取平面坐标", "无需处理")
_rule("geometry-mixed", _W, "图层中有多种几何类型(geometry):{value}", "请核对是否有误绘的图形")
_rule("geometry-curved", _W, "图形含曲线(curve),已按弦线近似", "请核对面积,或导出时转为折线")
_rule("geometry-unusual", _I, "有图形类型为{value},该专项应为{new}", "请核对")
_rule("folders-joined", _I, "各文件夹(folder,图层)已合并读取:{value}", "无需处理")
_rule("crs-declared", _I, "坐标系按文件声明的 {value} 转换", "无需处理")
_rule("crs-absent", _W, "{value} 不带坐标系,按声明读取", "建议改报 GeoPackage")
_rule(
    "datum-suspected",
    _W,
    "整层位置比对照点偏移(offset)约 {new} 米,疑似 {value}(火星坐标等)",
    "请核实坐标来源,并在方案的 sources 中用 crs 声明",
)
_rule("datum-mixed", _W, "{value}的位置比对照点偏移(offset),疑似 {new}(火星坐标等)", "请核实这些行的坐标来源")
_rule("id-borrowed", _I, "没有编号列,以“{field}”为编号", "请在数据中增加编号列")
_rule("event-date-missing", _W, "进度记录没有可用的日期(“{value}”),已隔离", "请填写日期")
_rule("event-future", _W, "进度记录的日期 {value} 在未来(晚于报送日期 {new}),已隔离", "请核对日期")
_rule(
    "event-order",
    _W,
    "{value} 与该项目其他记录的时间(time)顺序颠倒,已隔离",
    "请核对日期与阶段;确需退回请单独登记并说明原因",
)
_rule("event-duplicate", _I, "与第 {value} 行重复(duplicate),只记一次", "无需处理")
_rule("file-empty", _W, "图层是空的(empty):没有记录", "请核对是否导出完整")
_rule(
    "site-vanished", _W, "项目“{value}”在新报的文件中没有了,台账中保留", "请核对是否漏报;确需撤销请登记说明"
)
_rule(
    "output-mixed",
    _E,
    "“{value}”与成果清单不符:上次生成中断,或文件此后被改动",
    "请重新运行 build;中断前后的文件不可混用",
)
_rule("output-missing", _E, "成果清单中的“{value}”不在", "请重新运行 build")
_rule("output-leftover", _I, "有上次中断留下的草稿", "无需处理:下次运行时自动清除")
_rule(
    "export-changed",
    _W,
    "“{field}”存不进该格式({new}):{value}",
    "全文在同一文件的说明表(changes.csv 或“说明”)中;不损失内容请用 GeoPackage",
)
_rule(
    "task-leader-several",
    _W,
    "“{field}”写了不止一个:{value}",
    "方案要求每项工作一个分包领导、一个推进专班,请明确",
)
_rule("site-retired", _W, "该编号已不再单列:{value}", "请改用现在的编号;本行已保存,不计入合计")
_rule("lineage-total", _W, "合并拆分前后“{field}”合计由 {value} 变为 {new}", "请核对新项目的数量")
_rule("lineage-differs", _W, "各原项目的“{field}”不一致({value}),合并后留空", "请补报合并后的台账行")
_rule(
    "split-even",
    _W,
    "各部分({value})的数量按等份计算,图形沿用原项目",
    "请补报各部分的台账行,或用 --shares 写明份额",
)
_rule("ledger-unsafe", _W, "数据库服务器的设置不保断电:{value}", "请由管理员改为 on")
_rule("ledger-damaged", _E, "台账文件损坏:{value}", "请用备份恢复")
_rule("ledger-altered", _E, "台账内容与写入时不符:{value}", "请用备份比对,查明谁改动了文件")
_rule("ledger-unguarded", _E, "台账缺少保护(触发器 {value})", "请用备份恢复,查明谁改动了文件")
_rule(
    "district-overlap",
    _W,
    "区县“{value}”相互重叠(overlap) {new} 平方米",
    "请核对界线;落在重叠处的项目按规则归一个区县",
)
_rule("district-gap", _W, "区县之间有缝隙(gap):{value}", "请核对界线;落在缝隙中的项目归最近的区县")
_rule("district-sliver", _W, "区县“{value}”的碎面(sliver)已隔离", "请核对是否为绘图残留")
_rule("location-border", _I, "位置在区县边界(border)上,按规则归“{value}”", "请核对位置")
_rule("location-blank", _W, "坐标缺失(原值:{value}),仍计入任务数,但不上图", "请补充经纬度")


def make_finding(code: str, *, new: str = "", **where: object) -> Finding:
    """A finding of the catalogue with its text filled in.

    Parameters
    ----------
    code
        Key of :data:`RULES`.
    new
        What the value was taken for, where the rule repairs.
    **where
        ``file``, ``sheet``, ``row``, ``field``, ``value``, ``site_id`` of :class:`Finding`.

    Raises
    ------
    RenewalError
        The catalogue has no such code.
    """
    if code not in RULES:
        raise RenewalError(f"没有代码为“{code}”的规则", remedy="见规则目录 findings.RULES")
    rule = RULES[code]
    words = {"field": where.get("field", ""), "value": where.get("value", ""), "new": new}
    text = rule.text.format_map({key: _short(str(word)) for key, word in words.items()})
    return Finding(code, rule.severity, text, rule.remedy, **where)  # type: ignore[arg-type]


def _short(word: str) -> str:
    return word if len(word) <= 80 else word[:77] + "…"


@dataclass(slots=True)
class Report:
    """Findings in the order in which they were made."""

    findings: list[Finding] = field(default_factory=list)

    def add(self, code: str, *, new: str = "", **where: object) -> None:
        """Append one finding; arguments as in :func:`make_finding`."""
        self.findings.append(make_finding(code, new=new, **where))

    def extend(self, others: Iterable[Finding]) -> None:
        """Append findings made elsewhere."""
        self.findings.extend(others)

    def __iter__(self) -> Iterator[Finding]:
        """Walk the findings."""
        return iter(self.findings)

    def __len__(self) -> int:
        """Count the findings."""
        return len(self.findings)

    def count_by_severity(self) -> dict[str, int]:
        """Count per severity, every severity named."""
        counts = Counter(finding.severity.value for finding in self.findings)
        return {severity.value: counts[severity.value] for severity in Severity}

    def to_records(self) -> list[dict[str, object]]:
        """Plain dictionaries, one a finding, for tables and JSON."""
        return [asdict(finding) for finding in self.findings]
