"""Write docs/commands.md, docs/plan-file.md and docs/rules.md from the code that they describe.

    python scripts/write_references.py

A test makes them again and compares, so that a reference cannot grow old.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from renewal_gis.cli import main as commands
from renewal_gis.findings import RULES
from renewal_gis.plan import Plan
from renewal_gis.vocab import Severity, Stage, UnitKind

DOCS = Path(__file__).resolve().parent.parent / "docs"
MADE = "> 本页由 `scripts/write_references.py` 从代码生成,请勿手改。\n"
WORDS = {"string": "文字", "integer": "整数", "number": "数", "boolean": "true/false", "null": "不写"}
ENUMS = {"Stage": Stage, "UnitKind": UnitKind}


def main() -> int:
    """Write the three pages; only the changed ones are told."""
    for name, text in make_references().items():
        path = DOCS / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            print(path)
    return 0


def make_references() -> dict[str, str]:
    """Return the pages: file name to text."""
    return {"commands.md": describe_commands(), "plan-file.md": describe_plan(), "rules.md": describe_rules()}


def describe_commands() -> str:
    """Return the command reference: what `--help` says, as one page."""
    found = list(_walk(commands, "renewal-gis"))
    toc = [f"- [`{name}`](#{_anchor(name)}):{_help(command)[0]}" for name, command in found]
    parts = [
        "# 命令",
        "",
        MADE,
        "退出码:0 正常;1 有“错误”级核查意见(或有城市失败);2 用法不对或输入被拒。",
        "",
    ]
    parts += ["每条命令都可加 `--help`;写在命令之前的 `-v` 逐步说明,`--version` 显示版本。", "", *toc, ""]
    for name, command in found:
        said, example = _help(command)
        parts += [f"## {name}", "", *_paragraphs(said, command), *_parameters(command)]
        parts += ["```", *example, "```", ""]
    return "\n".join(parts)


def _walk(group: click.Group, name: str) -> list[tuple[str, click.Command]]:
    found = []
    for word, command in sorted(group.commands.items()):
        full = f"{name} {word}"
        found += _walk(command, full) if isinstance(command, click.Group) else [(full, command)]
    return found


def _help(command: click.Command) -> tuple[str, list[str]]:
    """Return the first line of a command's help, and the lines of its example."""
    said, _, example = (command.help or "").replace("\b", "").partition("Example:")
    return said.strip().partition("\n")[0], [line.strip() for line in example.splitlines() if line.strip()]


def _paragraphs(first: str, command: click.Command) -> list[str]:
    said = (command.help or "").replace("\b", "").partition("Example:")[0].strip().splitlines()
    return [first, *(line.strip() for line in said[1:]), ""]


def _parameters(command: click.Command) -> list[str]:
    rows = [_row(parameter) for parameter in command.params]
    return ["| 参数 | 取值 | 默认 | 说明 |", "|---|---|---|---|", *rows, ""] if rows else []


def _row(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Argument):
        word = (parameter.metavar or (parameter.name or "").upper()).rstrip("…")
        many = "…" if parameter.nargs == -1 else ""
        return f"| `{word}{many}` | {_kind(parameter)} | {_default(parameter)} |  |"
    names = "、".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    said = _cell(getattr(parameter, "help", "") or "")
    return f"| {names} | {_kind(parameter)} | {_default(parameter)} | {said} |"


def _kind(parameter: click.Parameter) -> str:
    kind = parameter.type
    if getattr(parameter, "is_flag", False):
        return "开关"
    if isinstance(kind, click.Choice):
        return "、".join(f"`{choice}`" for choice in kind.choices)
    if isinstance(kind, click.DateTime):
        return "日期,如 2021-09-30"
    words = {click.Path: "路径", click.IntRange: "整数", click.FloatRange: "数"}
    named = {"integer": "整数", "float": "数"}
    told = next((word for cls, word in words.items() if isinstance(kind, cls)), named.get(kind.name, "文字"))
    return f"{told},可多次" if getattr(parameter, "multiple", False) else told


def _default(parameter: click.Parameter) -> str:
    if parameter.required:
        return "**必需**"
    shown = getattr(parameter, "show_default", None)
    if isinstance(shown, str):
        return shown
    value: Any = parameter.to_info_dict()["default"]
    empty = value in (None, "", False, [], ()) or callable(value)
    return "" if empty or getattr(parameter, "is_flag", False) else f"`{_posix(value)}`"


def _posix(value: Any) -> str:
    return value.as_posix() if isinstance(value, Path) else str(value)


def describe_plan() -> str:
    """Return the reference of the plan file, from the JSON schema of its model."""
    schema = Plan.model_json_schema()
    models = {"Plan": schema, **schema["$defs"]}
    order = [name for name in _reached(models) if name in models and "properties" in models[name]]
    paths = _paths(models)
    parts = ["# 方案文件", "", MADE]
    parts += ["一座城市一个 TOML 文件。未知的键一律拒收;路径相对于方案文件。机器可读的格式是"]
    parts += [
        "[plans/plan.schema.json](../plans/plan.schema.json);`renewal-gis plan check` 读入并列出目标和口径。"
    ]
    parts += ["“默认”一栏空着而又不是“必需”的,可以不写。", ""]
    for name in order:
        title = "顶层" if name == "Plan" else f"`{paths[name]}`"
        parts += [f"## {title}", "", "| 键 | 取值 | 默认 | 说明 |", "|---|---|---|---|"]
        required = set(models[name].get("required", []))
        for key, field in models[name]["properties"].items():
            if key == "folder":  # filled in when the file is read, never written by hand
                continue
            default = "**必需**" if key in required else _value(field.get("default"))
            said = _cell(field.get("description", ""))
            parts.append(f"| `{key}` | {_type(field, paths)} | {default} | {said} |")
        parts.append("")
    parts += ["## 阶段", "", "| 值 | 中文 |", "|---|---|", *(f"| `{s.value}` | {s.zh} |" for s in Stage), ""]
    return "\n".join(parts)


def _reached(models: dict[str, Any]) -> list[str]:
    """Return the models in the order in which the plan comes to them."""
    order = ["Plan"]
    for name in order:
        for field in models[name].get("properties", {}).values():
            order += [ref for ref in _refs(field) if ref not in order]
    return order


def _refs(field: Any) -> list[str]:
    if isinstance(field, dict):
        own = [field["$ref"].rpartition("/")[2]] if "$ref" in field else []
        return own + [ref for key, part in field.items() if key != "default" for ref in _refs(part)]
    return [ref for part in field for ref in _refs(part)] if isinstance(field, list) else []


def _paths(models: dict[str, Any]) -> dict[str, str]:
    """Return how a TOML file writes the head of each model: ``[[targets.revisions]]``."""
    heads = {"Plan": ""}
    names = {"Plan": ""}
    for name in _reached(models):
        for key, field in models[name].get("properties", {}).items():
            for ref in _refs(field):
                if ref not in names:
                    names[ref] = f"{names[name]}.{key}".lstrip(".")
                    many = field.get("type") == "array"
                    heads[ref] = f"[[{names[ref]}]]" if many else f"[{names[ref]}]"
    return heads


def _type(field: dict[str, Any], paths: dict[str, str]) -> str:
    if "$ref" in field:
        return _type_of_ref(field["$ref"].rpartition("/")[2], paths)
    if "anyOf" in field:
        return " 或 ".join(_type(part, paths) for part in field["anyOf"] if part.get("type") != "null")
    if "enum" in field or "const" in field:
        return "、".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    if field.get("type") in {"array", "object"}:
        return _type_of_many(field, paths)
    return (
        "日期" if field.get("format") == "date" else WORDS.get(field.get("type", ""), "值") + _bounds(field)
    )


def _type_of_many(field: dict[str, Any], paths: dict[str, str]) -> str:
    if field["type"] == "object":
        inner = field.get("additionalProperties", True)
        return "表:名称 = " + (_type(inner, paths) if isinstance(inner, dict) and inner else "值")
    parts = field.get("prefixItems") or [field.get("items", {})]
    told = "、".join(dict.fromkeys(_type(part, paths) for part in parts))
    return f"{len(parts)} 项的列表:{told}" if "prefixItems" in field else f"列表:{told}"


def _type_of_ref(ref: str, paths: dict[str, str]) -> str:
    if ref == "Stage":
        return "[阶段](#阶段)"
    if ref in ENUMS:
        return "、".join(f"`{member.value}`({member.zh})" for member in ENUMS[ref])
    return f"见 `{paths[ref]}`"


def _bounds(field: dict[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    told = [f"{sign} {field[key]:g}" for key, sign in signs.items() if key in field]
    return f"({','.join(told)})" if told else ""


def _value(value: Any) -> str:
    if value in (None, "", [], {}) or isinstance(value, dict):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def describe_rules() -> str:
    """Return the catalogue of findings, the heavy ones first."""
    parts = ["# 核查意见的规则", "", MADE]
    parts += ["花括号里是核查时填入的值。“错误”使命令以 1 退出;“警告”请核实;“提示”说明已怎样处理。", ""]
    for severity in Severity:
        rules = [rule for rule in RULES.values() if rule.severity is severity]
        parts += [f"## {severity.zh}({len(rules)} 条)", "", "| 代码 | 意见 | 处理办法 |", "|---|---|---|"]
        parts += [f"| `{rule.code}` | {_cell(rule.text)} | {_cell(rule.remedy)} |" for rule in rules]
        parts.append("")
    return "\n".join(parts)


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.exit(main())
