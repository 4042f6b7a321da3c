"""Text from a ledger made harmless for the place where it goes."""

from __future__ import annotations

import html
import json
import re
from typing import Any

_TEMPLATE_SIGNS = str.maketrans({"`": "&#96;", "$": "&#36;", "\\": "&#92;"})
_SCRIPT_BREAKS = re.compile(r"<(?=/script|!--)", re.IGNORECASE)


def escape_text(value: object, /) -> str:
    """Return a value as HTML text that is also safe inside a JavaScript template literal.

    Folium writes popups and tooltips into template literals: a backtick or ``${`` would end the
    text, a backslash would spoil the page.

    Examples
    --------
    >>> escape_text("<b>`${1}`")
    '&lt;b&gt;&#96;&#36;{1}&#96;'
    """
    return guard_template(html.escape(str(value), quote=True))


def guard_template(markup: str, /) -> str:
    """Return HTML with the three signs that a template literal would read written as entities."""
    return markup.translate(_TEMPLATE_SIGNS)


def guard_script(source: str, /) -> str:
    """Return a script that an HTML parser cannot leave early.

    ``</script`` and ``<!--`` stand only in strings, templates and patterns of a script, where a
    backslash before ``/`` or ``!`` changes nothing for the program.
    """
    return _SCRIPT_BREAKS.sub(r"<\\", source)


def write_json(value: Any, /) -> str:
    """Return JSON that can stand inside a script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=False, allow_nan=False)
    for sign, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(sign, code)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
