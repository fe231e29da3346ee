"""Every English text a screen can show: from pages, browser components, declarations and reports. For the catalogue's test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import erp_app.domains  # noqa: F401 - every declaration
from erp_app.accounting import chart, mapping
from erp_app.document import custom, flow, registry, shape
from erp_app.kernel.access import ACTIONS, SCOPES
from erp_app.reports.catalogue import REPORTS
from erp_app.reports.integrity_checks import CHECKS

ROOT = Path(__file__).resolve().parents[2]
_JS = re.compile(r"""\bt\(\s*"((?:[^"\\]|\\.)*)"(?=\s*[,)])""")
_JS_CHOICE = re.compile(r"""\bt\([^"()]*\?\s*"([^"]*)"\s*:\s*"([^"]*)\"""")
_CALLS = {"t": 0, "say": 0, "done": 0, "declare": 1}


def of_python() -> set[str]:
    """Texts given to `t`, `say` and `done`, and keyword texts of our components."""
    found: set[str] = set()
    for path in [*(ROOT / "erp_app" / "pages").rglob("*.py"), *(ROOT / "erp_app" / "state").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            place = _CALLS.get(name)
            if place is not None and len(node.args) > place and isinstance(node.args[place], ast.Constant) and isinstance(node.args[place].value, str):
                found.add(node.args[place].value)
            found.update(word.value.value for word in node.keywords if word.arg in ("empty", "hint") and isinstance(word.value, ast.Constant))
    return found


def of_javascript() -> set[str]:
    """Texts given to `t` in the browser components."""
    found: set[str] = set()
    for path in (ROOT / "assets" / "erp").glob("*.jsx"):
        text = path.read_text(encoding="utf-8")
        found.update(one.replace('\\"', '"') for one in _JS.findall(text))
        found.update(word for pair in _JS_CHOICE.findall(text) for word in pair)
    return found


def words(name: str) -> str:
    """What a state or choice is shown as."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def of_declarations() -> set[str]:
    """Labels of types, fields, lines, actions, choices and states; of reports, their columns and questions."""
    found: set[str] = set()
    for dt in registry.all_types():
        found |= {dt.label, dt.label_plural, dt.menu.section}
        fields = [*shape.header(dt).values(), *(one for lines in dt.lines for one in shape.line(lines).values())]
        found |= {one.label for one in fields} | {words(choice) for one in fields for choice in one.choices} | {lines.label for lines in dt.lines}
        found |= {flow.label(one) for one in dt.actions} | {ask.label or words(ask.name) for one in dt.actions for ask in one.form}
        found |= {words(state) for state in shape.allowed_state(dt)} if dt.is_document else set()
    for report in REPORTS.values():
        found |= {report.label, report.section, *(one.label for one in report.columns), *(one.label or words(one.name) for one in report.parameters)}
    found |= {"Profit", "Total", "Liabilities and equity", "Profit not yet carried over"} | {name for _, name, _, _ in chart.ACCOUNTS}
    found |= set(mapping.LABELS.values()) | {words(check.name) for check in CHECKS}
    return found | {words(one) for one in (*ACTIONS, *SCOPES, *custom.KINDS)}


def everything() -> set[str]:
    """All of them, without what is no text."""
    return {one for one in of_python() | of_javascript() | of_declarations() if re.search(r"[A-Za-z]{2}", one)}
