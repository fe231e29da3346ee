"""Every refusal can be read in Indonesian: the sentences are collected from the source, of Python and of the database."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from erp_app.i18n import refusals

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"ERP-\d{4}")
_SQL = re.compile(r"'(ERP-\d{4})',\s*(?:format\(\s*)?'((?:[^']|'')*)'")
_RAISED = re.compile(r"'(ERP-\d{4})\|([^']*)'")


def texts(node: ast.expr) -> Iterator[str]:
    """What an expression of the source can say, with `{}` for what it puts in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from (*texts(node.body), *texts(node.orelse))


def of_python() -> set[tuple[str, str]]:
    """(code, sentence) of every refusal, and (`field`, message) of what stands beside fields."""
    found: set[tuple[str, str]] = set()
    for path in (ROOT / "erp_app").rglob("*.py"):
        if "bench" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            for code, text in zip(node.args, node.args[1:], strict=False):
                if isinstance(code, ast.Constant) and CODE.fullmatch(str(code.value)):
                    found |= {(code.value, one) for one in texts(text)}
            for word in node.keywords:
                if word.arg == "errors" and isinstance(word.value, ast.Dict):
                    found |= {(refusals.FIELDS, one) for value in word.value.values for one in texts(value)}
            if getattr(node.func, "id", "") == "Bad":
                found |= {(refusals.FIELDS, one) for value in node.args for one in texts(value)}
    return found


def of_sql() -> set[tuple[str, str]]:
    """(code, sentence) of what the functions of the database refuse with."""
    found: set[tuple[str, str]] = set()
    for path in (ROOT / "alembic" / "sql").glob("*.sql"):
        text = path.read_text(encoding="utf-8")
        found |= {(code, re.sub(r"%s", "{}", said)) for code, said in [*_SQL.findall(text), *_RAISED.findall(text)]}
    return found


def test_every_sentence_has_its_indonesian() -> None:
    spoken = of_python() | of_sql()
    assert len(spoken) > 240
    missing = []
    for code, text in sorted(spoken):
        said = text.replace("{}", "7")
        beside = refusals.messages(code, {"x": said}, "id")["x"] if code == refusals.FIELDS else refusals.detail(code, said, "id")
        if beside == said and re.search("[a-z]{3}", text.replace("{}", "")):
            missing.append((code, text))
    assert not missing, f"{len(missing)} refusals without Indonesian in erp_app/i18n/refusals.id.json: {missing}"


def test_every_indonesian_sentence_takes_what_the_english_one_carries() -> None:
    for code, known in refusals.sentences().items():
        for shape, indonesian in known:
            assert indonesian.format(*("7" for _ in range(shape.groups))), (code, shape.pattern)


def test_numbers_labels_and_field_messages_are_carried_over() -> None:
    assert refusals.detail("ERP-1201", "TUBE at WH goes short by 1 on 4 Jan 2026 with SJ-1: 98 fit.", "id") == (
        "TUBE di WH kurang 1 pada 4 Jan 2026 dengan SJ-1: muat 98.")
    assert refusals.detail("ERP-1102", "Sales order: customer is required.", "id") == "Pesanan penjualan: pelanggan wajib diisi."
    assert refusals.messages("ERP-1329", {"password": "Choose at least 10 characters."}, "id") == {"password": "Pilih paling sedikit 10 huruf."}
    assert refusals.detail("ERP-1201", "TUBE at WH goes short by 1 on 4 Jan 2026 with SJ-1: 98 fit.", "en").startswith("TUBE at WH")
    assert refusals.detail("ERP-9999", "What nobody wrote.", "id") == "What nobody wrote."


@pytest.mark.parametrize(("header", "lang"), [
    ("id", "id"), ("id-ID,id;q=0.9,en;q=0.8", "id"), ("en-US,en;q=0.9,id;q=0.8", "en"), ("fr,id;q=0.2", "id"), ("fr", ""), ("", ""), (";q=x,,id;q=zz", "id"),
])
def test_the_language_asked_for_is_read_from_the_header(header: str, lang: str) -> None:
    assert refusals.asked_language(header) == lang
