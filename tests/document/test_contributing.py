"""The document type that CONTRIBUTING.md shows is real: it is made from the diff on that page and keeps the contract."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

from erp_app.document import registry
from erp_app.kernel import roles, sqlfiles
from tests.contract import contract
from tests.contract_samples import Firm
from tests.iam.people import found

PAGE = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"


def added(path: str) -> list[str]:
    """The lines the page's diff adds to a file."""
    diff = re.search(r"```diff\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert diff is not None
    part = diff[1].split(f"+++ b/{path}\n", 1)[1].split("--- ", 1)[0]
    return [line[1:] for line in part.splitlines() if line.startswith("+")]


@pytest.fixture
def loans(admin_url, tmp_path):
    """The type of the page, with its table, taken away again afterwards."""
    file = tmp_path / "loan_of_the_page.py"
    file.write_text("\n".join(added("erp_app/loans/loan.py")), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    owner = roles.url_for(admin_url, roles.OWNER)
    table = module.Loan.__table__
    SQLModel.metadata.create_all(create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(owner), poolclass=NullPool), tables=[table])
    with psycopg.connect(owner) as conn:
        sqlfiles.apply(conn, "with loans")
    yield module.LOANS
    registry._types.pop("loans")
    SQLModel.metadata.remove(table)
    del sys.modules[module.__name__]


def test_the_diff_counts_its_lines_right_and_is_short():
    text = PAGE.read_text(encoding="utf-8")
    lines = added("erp_app/loans/loan.py")
    assert f"@@ -0,0 +1,{len(lines)} @@" in text
    assert len(lines) <= 40


def test_the_line_for_the_domains_fits_where_it_is_shown():
    page, real = PAGE.read_text(encoding="utf-8"), (PAGE.parent / "erp_app" / "domains.py").read_text(encoding="utf-8")
    context = re.findall(r"^ (from erp_app\S* import .*)$", page, re.MULTILINE)
    assert len(context) == 2
    assert "\n".join(context) in real


def test_the_shown_type_keeps_the_contract(loans):
    town = found()
    contract(loans, Firm(town.ours.id, town.theirs.id, town.ours.users["admin"], town.ours.users["warehouse"]))
