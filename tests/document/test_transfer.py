"""Tables in and out: what hostile files do, what a round trip keeps, and which rows are refused."""

from __future__ import annotations

import csv
import io
import resource
import time
import zipfile

import openpyxl
import pytest

from erp_app.document import custom, exporting, importing, service, tables
from erp_app.document.service import Query
from erp_app.kernel.errors import Conflict, ErpError, Forbidden, Invalid
from erp_app.kernel.uow import unit_of_work
from tests.document.sample import clerk, manager


@pytest.fixture(scope="module")
def orders(samples):
    with unit_of_work(manager()) as work:
        for code in ("A", "B"):
            service.create(work, samples[0], {"code": code, "name": f"Party {code}"})
        custom.define(work, "sample-orders", {"name": "colour", "label": "Colour", "kind": "choice", "choices": ["red", "blue"], "in_print": True})
    return samples[1]


def workbook(parts: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An xlsx with a first sheet, and parts replaced or added."""
    plain = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["party", "title"])
    book.active.append(["A", "x"])
    book.save(plain)
    source = zipfile.ZipFile(plain)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as target:
        for name in source.namelist():
            if name not in parts:
                target.writestr(name, source.read(name))
        for name, content in parts.items():
            target.writestr(name, content)
    return out.getvalue()


def sheet(rows: bytes) -> bytes:
    return b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>' + rows + b"</sheetData></worksheet>"


ENTITY = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;">]><sst>&c;</sst>'
XXE = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><sst>&x;</sst>'
SHEET = "xl/worksheets/sheet1.xml"
MILLION = b"".join(b'<row r="%d"><c><v>1</v></c></row>' % n for n in range(1, 1_000_001))
HOSTILE = {
    "bomb": lambda: workbook({"xl/media/a.bin": b"\0" * (200 * 2**20)}),
    "bomb of spaces in the sheet": lambda: workbook({SHEET: sheet(b" " * (60 * 2**20))}),
    "long strings": lambda: workbook({"xl/sharedStrings.xml": b"<sst>" + b"<si><t>a</t></si>" * 1_000_000 + b"</sst>"}),
    "nested zip": lambda: workbook({"xl/media/a.zip": workbook({"b": b"\0" * (40 * 2**20)}, zipfile.ZIP_STORED)}),
    "many parts": lambda: workbook({f"xl/{n}.xml": b"x" for n in range(300)}),
    "entities": lambda: workbook({"xl/sharedStrings.xml": ENTITY}),
    "external entity": lambda: workbook({"xl/sharedStrings.xml": XXE}),
    "entity in another encoding": lambda: workbook({"xl/sharedStrings.xml": XXE.decode().encode("utf-16")}),
    "path upwards": lambda: workbook({"../../evil.xml": b"x"}),
    "absolute path": lambda: workbook({"/etc/evil.xml": b"x"}),
    "million rows": lambda: workbook({SHEET: sheet(MILLION)}),
    "many columns": lambda: workbook({SHEET: sheet(b"<row>" + b"<c><v>1</v></c>" * 16_384 + b"</row>")}),
    "no workbook": lambda: b"PK\x03\x04 nothing",
    "text": lambda: b"party,title\n",
    "broken xml": lambda: workbook({SHEET: b"<worksheet><sheetData><row>"}),
    "no sheet": lambda: workbook({"xl/workbook.xml": b"<workbook/>"}),
    "too large": lambda: b"PK" + b"0" * (10 * 2**20),
    "empty": lambda: b"",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_workbook_is_refused_quickly_and_in_little_memory(kind):
    content = HOSTILE[kind]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    with pytest.raises(Invalid) as caught:
        tables.read("x.xlsx", content)
    assert caught.value.code == "ERP-1111"
    assert time.monotonic() - started < 4  # two seconds on a machine that does nothing else
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", b"\xff\xfe\x00"),
        ("x.csv", b"a,b\n\x00,1"),
        ("x.csv", b"a\n" + b"1\n" * 6000),
        ("x.csv", b",".join(b"c%d" % n for n in range(300))),
        ("x.csv", b""),
        ("x.csv", b"\n\n"),
        ("x.csv", b'a\n"' + b"x" * 200_000 + b'"'),
        ("x.xls", b"a"),
        ("x.html", b"a"),
        ("x", b"a"),
        ("../x.exe", b"a"),
    ],
)
def test_a_file_that_is_no_table_is_refused(name, content):
    with pytest.raises(Invalid) as caught:
        tables.read(name, content)
    assert caught.value.code == "ERP-1111"


def test_separators_and_guarded_cells_are_understood():
    for mark in (",", ";", "\t"):
        table = tables.read("x.csv", f"\ufeffparty{mark}title\nA{mark}'=1+1\n\nB{mark}'quoted\n".encode())
        assert table.header == ["party", "title"]
        assert table.rows == [(2, ["A", "=1+1"]), (4, ["B", "'quoted"])]


def import_(dt, text: str, mode: str, mapping=None, actor=None):
    return importing.run(actor or manager(), dt, tables.read("x.csv", text.encode()), mapping, mode)


TABLE = (
    "Party,Title,Due,Urgent,Pieces,Colour,#,lines.party,lines.quantity\n"
    "A,first,2026-01-05,ya,3,red,1,A,2\n"
    ",,,,,,1,B,3\n"
    "nobody,second,05/01/2026,perhaps,many,green,2,A,x\n"
    "B,third,,no,,BLUE,3,A,1\n"
)


def test_a_preview_names_every_wrong_cell_and_writes_nothing(orders):
    with unit_of_work(manager()) as work:
        before = service.page(work, orders, Query()).total
    seen = import_(orders, TABLE.replace(",#,", ",Number,"), "preview")
    assert (seen["rows"], seen["records"], seen["valid"], seen["created"]) == (4, 3, 2, [])
    assert seen["mapping"]["Number"] == "#"
    wrong = {(one["row"], one["column"]) for one in seen["errors"]}
    assert wrong == {(4, "Party"), (4, "Due"), (4, "Urgent"), (4, "Pieces"), (4, "Colour"), (4, "lines.quantity")}
    assert seen["preview"][0]["lines"] == [{"party": "A", "quantity": "2"}, {"party": "B", "quantity": "3"}]
    with unit_of_work(manager()) as work:
        assert service.page(work, orders, Query()).total == before
        assert work.value("SELECT count(*) FROM number_series") == 0


def test_all_or_nothing_writes_nothing_with_an_error_and_valid_writes_the_rest(orders):
    text = TABLE.replace(",#,", ",Number,")
    assert import_(orders, text, "all")["created"] == []
    done = import_(orders, text, "valid")
    assert len(done["created"]) == 2
    refused = list(csv.reader(io.StringIO(done["error_file"].removeprefix("\ufeff"))))
    assert refused[0][-1] == "reason"
    assert refused[1][:2] == ["nobody", "second"]
    assert "there is no party 'nobody'" in refused[1][-1]
    with unit_of_work(manager()) as work:
        made = service.get(work, orders, done["created"][0])
        assert [(one["party"], one["quantity"]) for one in made["lines"]] == [("A", "2"), ("B", "3")]
        assert (made["urgent"], made["custom"]["colour"], made["due_on"]) == (True, "red", "2026-01-05")


def test_a_mapping_is_checked(orders):
    for mapping in ({"nothing": "title"}, {"Party": "nothing"}, {"Party": "title", "Title": "title"}, {"Party": "total"}):
        with pytest.raises(Invalid) as caught:
            import_(orders, TABLE, "preview", mapping)
        assert caught.value.code == "ERP-1112"
    with pytest.raises(Invalid):
        import_(orders, TABLE, "everything")


def test_who_may_not_create_may_not_import_and_hidden_fields_cannot_be_mapped(orders, samples):
    with pytest.raises(Forbidden):
        import_(samples[0], "code,name\nX,x\n", "preview", actor=clerk())
    seen = import_(orders, "party,margin,lines.party,lines.quantity,lines.unit_price\nA,5,A,1,9\n", "preview", actor=clerk())
    assert set(seen["mapping"]) == {"party", "lines.party", "lines.quantity"}
    assert "margin" not in seen["fields"]


def test_numbers_stay_numbers_and_text_stays_text_in_both_formats(orders):
    with unit_of_work(manager()) as work:
        made = service.create(
            work, orders, {"party": "A", "title": "=2+2", "pieces": -5, "share": "12.5", "reference": "-7", "lines": [{"party": "A", "quantity": 1}]}
        )
        query = Query(filters={"id": made["id"]})
        book = b"".join(exporting.export(work, orders, query, "xlsx"))
        text = b"".join(exporting.export(work, orders, query, "csv")).decode()
    rows = list(openpyxl.load_workbook(io.BytesIO(book)).worksheets[0].iter_rows())
    cells = {head.value: cell for head, cell in zip(rows[0], rows[1], strict=True)}
    assert (cells["Title"].value, cells["Title"].data_type) == ("=2+2", "s")
    assert (cells["Pieces"].value, cells["Share"].value) == (-5, 12.5)
    values = dict(zip(*csv.reader(io.StringIO(text.removeprefix("\ufeff"))), strict=True))
    assert (values["Title"], values["Pieces"], values["Reference"]) == ("'=2+2", "-5", "'-7")


def test_an_export_has_the_filter_of_the_list_and_is_audited(orders):
    with unit_of_work(manager()) as work:
        service.create(work, orders, {"party": "B", "title": "only this", "lines": [{"party": "A", "quantity": 1}]})
        text = b"".join(exporting.export(work, orders, Query(q="only this", sort="number"), "csv")).decode()
        assert len(text.splitlines()) == 2
        row = work.row("SELECT after FROM audit_event WHERE action = 'sample_order.export' ORDER BY id DESC LIMIT 1")
        assert row["after"]["q"] == "only this"
    with pytest.raises(Forbidden), unit_of_work(clerk()) as work:
        list(exporting.export(work, orders, Query(), "csv"))
    with pytest.raises(ErpError), unit_of_work(manager()) as work:
        list(exporting.export(work, orders, Query(), "pdf"))


def test_a_row_the_database_refuses_is_an_error_of_that_row(orders, samples):
    text = "code,name\nN1,one\nN1,again\nN2,two\n"
    assert import_(samples[0], text, "preview")["valid"] == 3  # each alone could be written
    with pytest.raises(Invalid, match="Row 3: already exists"):
        import_(samples[0], text, "all")
    done = import_(samples[0], text, "valid")
    assert done["created"] == ["N1", "N2"]
    assert [(one["row"], one["column"], one["message"]) for one in done["errors"]] == [(3, "code", "already exists")]


def test_the_same_table_under_the_same_key_is_imported_once(orders, samples):
    table = tables.read("x.csv", b"code,name\nK1,one\n")
    first = importing.run(manager(), samples[0], table, None, "all", "import-1")
    assert importing.run(manager(), samples[0], table, None, "all", "import-1") == first
    with pytest.raises(Conflict):
        importing.run(manager(), samples[0], tables.read("x.csv", b"code,name\nK2,two\n"), None, "all", "import-1")
