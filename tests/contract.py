"""What every document type keeps, proved from its declaration alone: `contract(SALES_ORDERS)` is a whole test.

Sample data follow from the declaration (references are made as well); `sample` overrides values where a rule of the domain wants
something particular. A step may be refused by a rule of the domain (409, 422), never for another reason.
"""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import openpyxl
import psycopg
import pytest
from pypdf import PdfReader

from erp_app.document import criteria, exporting, importing, printing, service, shape, tables
from erp_app.document import timeline as history
from erp_app.document.declare import DocumentType
from erp_app.document.service import Query
from erp_app.document.shape import Shape
from erp_app.kernel.actor import Actor
from erp_app.kernel.errors import Conflict, ErpError, Forbidden, Invalid, NotFound, Refused
from erp_app.kernel.uow import unit_of_work
from tests.contract_samples import Firm, Sample, data, make, value_of

FORMULAS = ("=1+1", "+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")')
HOSTILE = ("'; DROP TABLE item; --", "<img src=x onerror=alert(1)>", "%s %(x)s {0} {nb}", "\u202egnp.exe", "日本語 😀", "../../etc/passwd")


def contract(dt: DocumentType, firm: Firm, sample: Sample | None = None) -> None:
    """Prove the contract of one type in a company.

    Args:
        dt: the type.
        firm: where.
        sample: values by field that replace the automatic ones.
    """
    if sample is not None:
        firm.samples[dt.plural] = sample
    if not dt.creatable:
        _closed(dt, firm)
        return
    made = make(dt, firm)
    for check in (_reads, _audit_and_event, _another_company, _wrong_roles, _lists, _fields, _hidden, _exports, _paper, _changes, _imports, _steps, _removal):
        check(dt, firm, made if check is not _changes else make(dt, firm))


def _reads(dt: DocumentType, firm: Firm, made: dict[str, Any]) -> None:
    assert made["version"] == 1
    with unit_of_work(firm.admin) as work:
        assert service.get(work, dt, made["id"]) == made
        assert service.get(work, dt, made[dt.key]) == made
        with pytest.raises(NotFound):
            service.get(work, dt, 2**52)
    assert made[dt.key]
    if dt.is_document:
        assert made["state"] in shape.allowed_state(dt)


def _audit_and_event(dt: DocumentType, firm: Firm, made: dict[str, Any]) -> None:
    with unit_of_work(firm.admin) as work:
        row = work.row("SELECT * FROM audit_event WHERE record_id = %s AND action = %s", (made["id"], f"{dt.table.name}.create"))
        event = work.row("SELECT * FROM outbox WHERE name = 'document.changed' AND payload ->> 'id' = %s ORDER BY id LIMIT 1", (str(made["id"]),))
    assert row is not None
    assert (row["resource"], row["user_id"]) == (dt.plural, firm.user)
    assert event is not None
    assert event["topics"] == [f"doc:{dt.plural}", f"rec:{made['id']}"]
    assert event["payload"]["number"] == made[dt.key]


def _another_company(dt: DocumentType, firm: Firm, made: dict[str, Any]) -> None:
    stranger = firm.actor("admin", tenant=firm.other)
    calls: list[Callable[[Any], Any]] = [
        lambda work: service.get(work, dt, made["id"]),
        lambda work: service.update(work, dt, made["id"], {}, 1),
        lambda work: service.remove(work, dt, made["id"]),
        *(lambda work, name=one.name: service.act(work, dt, made["id"], name) for one in dt.actions),
    ]
    for call in calls:
        with pytest.raises(NotFound), unit_of_work(stranger) as work:
            call(work)
    with unit_of_work(stranger) as work:
        assert made["id"] not in [one["id"] for one in service.page(work, dt, Query(page_size=500)).items]


def _wrong_roles(dt: DocumentType, firm: Firm, made: dict[str, Any]) -> None:
    """Somebody without any role, and every role that lacks a right, is refused and leaves nothing."""
    roles = sorted({name.partition(":")[0] for right in vars(dt.access).values() for name in right} - {"*"})
    for role in ["", *roles]:
        actor = firm.actor(*([role] if role else []), user=firm.colleague)
        held = {action for (resource, action) in actor.grants if resource in (dt.plural, "*")}
        with _nothing_written(firm):
            for right, call in (
                ("create", lambda work: service.create(work, dt, data_without_targets)),
                ("view", lambda work: service.get(work, dt, made["id"])),
                ("edit", lambda work: service.update(work, dt, made["id"], {}, 1)),
                ("edit", lambda work: service.remove(work, dt, made["id"])),
                ("export", lambda work: list(exporting.export(work, dt, Query(), "csv"))),
                *((one.permission, lambda work, name=one.name: service.act(work, dt, made["id"], name)) for one in dt.actions),
            ):
                if right not in held:
                    with pytest.raises((Forbidden, NotFound)), unit_of_work(actor) as work:
                        call(work)


data_without_targets: dict[str, Any] = {}


def _lists(dt: DocumentType, firm: Firm, made: dict[str, Any]) -> None:
    """A page costs two statements; every sort and filter works; what is not allowed is refused."""
    with unit_of_work(firm.admin) as work:
        service.page(work, dt, Query())
        with _counted() as statements:
            found = service.page(work, dt, Query(page_size=500))
        assert len(statements) <= 2, statements
        assert made["id"] in [one["id"] for one in found.items]
        assert "lines" not in found.items[0]
        known = {**shape.header(dt), **shape.engine_fields()}
        for name in criteria.sortable(dt, known):
            up, down = (service.page(work, dt, Query(sort=f"{sign}{name}", page_size=500)).items for sign in ("", "-"))
            assert [one["id"] for one in up] == [one["id"] for one in reversed(down)]
        assert made["id"] in [one["id"] for one in service.page(work, dt, Query(q=str(made[dt.key]), page_size=500)).items]
        for name, one in known.items():
            value = made.get(name)
            if one.kind not in ("json", "refs", "record", "moment") and value not in (None, "", []):
                assert made["id"] in [row["id"] for row in service.page(work, dt, Query(filters={name: value}, page_size=500)).items], name
        for wrong in (Query(sort="nothing"), Query(filters={"nothing": 1}), Query(page=0), Query(page_size=501)):
            with pytest.raises(Invalid):
                service.page(work, dt, wrong)


def _fields(dt: DocumentType, firm: Firm, made: dict[str, Any]) -> None:
    """Unknown, read-only, too long and malformed values are refused, each by name; nothing is stored."""
    good = data(dt, firm)
    wrong: dict[str, Any] = {"no_such_field": 1}
    for name, one in shape.header(dt).items():
        if not one.editable:
            wrong[name] = "x"
        elif one.kind in ("text", "long_text") and one.max_length:
            wrong[name] = "x" * (one.max_length + 1)
        elif one.kind in ("ref", "user"):
            wrong[name] = "no such record"
        elif one.kind != "json":
            wrong[name] = {"a": 1}
    with _nothing_written(firm), pytest.raises(Invalid) as caught, unit_of_work(firm.admin) as work:
        service.create(work, dt, {**good, **wrong})
    assert set(caught.value.errors) >= set(wrong)
    with _nothing_written(firm), pytest.raises(ErpError), unit_of_work(firm.admin) as work:
        service.create(work, dt, {**good, "custom": {"nothing": 1}})
    name = _free_text(dt)
    for text in HOSTILE if name else ():
        limit = shape.header(dt)[name].max_length or 100
        stored = make(dt, firm, **{name: text[:limit]})
        assert stored[name] == text[:limit]
    for text in ("\x00", "a\x00b", "\ud800") if name else ():
        with pytest.raises(Invalid):
            make(dt, firm, **{name: text})


def _hidden(dt: DocumentType, firm: Firm, made: dict[str, Any]) -> None:
    """Fields with a right of their own are nowhere for who lacks it: not in the record, list, order, filter, export, paper or history."""
    tables_ = {one.name: shape.line(one) for one in dt.lines}
    hidden = {name for name, one in shape.header(dt).items() if one.see}
    hidden_lines = {table: {name for name, one in known.items() if one.see} for table, known in tables_.items()}
    if not hidden and not any(hidden_lines.values()):
        return
    everything = frozenset({"all"})
    actor = Actor(
        tenant_id=firm.tenant,
        user_id=firm.colleague,
        username="blind",
        grants={(dt.plural, "view"): everything, (dt.plural, "export"): everything},
        lang="en",
    )
    with unit_of_work(actor) as work:
        got = service.get(work, dt, made["id"])
        assert not hidden & set(got)
        assert all(not hidden_lines[table] & set(line) for table in tables_ for line in got[table])
        assert all(not hidden & set(one) for one in service.page(work, dt, Query()).items)
        for name in hidden:
            for query in (Query(sort=name), Query(filters={name: "1"}), Query(filters={name: {"gt": "1"}})):
                with pytest.raises(Invalid):
                    service.page(work, dt, query)
        text = b"".join(exporting.export(work, dt, Query(), "csv", lines=True)).decode()
        head = next(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
        assert not {shape.header(dt)[name].label for name in hidden} - {one.label for one in shape.header(dt).values() if not one.see} & set(head)
        assert not {f"{table}.{name}" for table, names in hidden_lines.items() for name in names} & set(head)
        shown = {item["field"] for entry in history.timeline(work, made["id"]) for item in entry.get("changes", [])}
        assert not hidden & shown
        printing.document_pdf(work, dt, made["id"])


def _exports(dt: DocumentType, firm: Firm, made: dict[str, Any]) -> None:
    """A formula comes out as text in both formats."""
    name = _free_text(dt)
    if name is None:
        return
    limit = shape.header(dt)[name].max_length or 100
    stored = {make(dt, firm, **{name: text[:limit]})["id"]: text[:limit] for text in FORMULAS if len(text) <= limit}
    with unit_of_work(firm.admin) as work:
        book = b"".join(exporting.export(work, dt, Query(), "xlsx"))
        text = b"".join(exporting.export(work, dt, Query(), "csv")).decode()
    sheet = openpyxl.load_workbook(io.BytesIO(book)).worksheets[0]
    label = shape.header(dt)[name].label
    column = next(number for number, cell in enumerate(sheet[1], 1) if cell.value in (label, name))
    cells = [sheet.cell(row, column) for row in range(2, sheet.max_row + 1)]
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert set(stored.values()) <= {cell.value for cell in cells if cell.data_type == "s"}
    found = [row[column - 1] for row in csv.reader(io.StringIO(text.removeprefix("\ufeff")))]
    assert {f"'{value}" for value in stored.values()} <= set(found)


def _paper(dt: DocumentType, firm: Firm, made: dict[str, Any]) -> None:
    with unit_of_work(firm.admin) as work:
        name, content = printing.document_pdf(work, dt, made["id"])
    assert name.endswith(".pdf")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    assert "".join(str(made[dt.key]).split()) in "".join(text.split())


def _changes(dt: DocumentType, firm: Firm, made: dict[str, Any]) -> None:
    """A change raises the version once; a stale version is a conflict; somebody else's record stays as it is."""
    name = _free_text(dt)
    if name is None or (dt.is_document and made["state"] not in dt.editable):
        return
    with unit_of_work(firm.admin) as work:
        changed = service.update(work, dt, made["id"], {name: "Changed"}, 1)
        assert (changed[name], changed["version"]) == ("Changed", 2)
        row = work.row("SELECT before, after FROM audit_event WHERE record_id = %s AND action = %s", (made["id"], f"{dt.table.name}.update"))
        assert row is not None
        assert row["after"][name] == "Changed"
        assert row["before"][name] == made[name]
    with pytest.raises(Conflict), unit_of_work(firm.admin) as work:
        service.update(work, dt, made["id"], {name: "Stale"}, 1)


def _imports(dt: DocumentType, firm: Firm, made: dict[str, Any]) -> None:
    """What was exported can be imported again as new records."""
    with unit_of_work(firm.admin) as work:
        fields = shape.header(dt)
        text = b"".join(exporting.export(work, dt, Query(filters={"id": str(made["id"])}), "csv", lines=True)).decode()
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    if not dt.is_document:
        column = rows[0].index(fields["code"].label)
        for row in rows[1:]:
            row[column] = f"i{secrets.token_hex(4)}"
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    read = tables.read("again.csv", out.getvalue().encode())
    seen = importing.run(firm.admin, dt, read, None, "preview")
    assert (seen["records"], seen["created"]) == (1, [])
    if firm.samples.get(dt.plural, {}).get("unique") is ...:
        return
    done = importing.run(firm.admin, dt, read, None, "all")
    assert done["errors"] == []
    assert len(done["created"]) == 1
    with unit_of_work(firm.admin) as work:
        again = service.get(work, dt, done["created"][0])
    for name, one in fields.items():
        if one.editable and one.kind not in ("moment", "json", "record") and name != "code":
            assert again[name] == made[name], name
    for lines in dt.lines:
        editable = [name for name, one in shape.line(lines).items() if one.editable]
        assert [[row[name] for name in editable] for row in again[lines.name]] == [[row[name] for name in editable] for row in made[lines.name]]


def _steps(dt: DocumentType, firm: Firm, _made: dict[str, Any]) -> None:
    """Every step by a role that holds its right does what is declared or is refused by a rule; from a wrong state it is refused."""
    for action in dt.actions:
        made = make(dt, firm)
        given: dict[str, Any] = {"reason": "because"} if action.reason else {}
        given |= {one.name: value_of(flow_shape, firm, dt) for one, flow_shape in _asked(action) if one.required}
        done, code = _taken(dt, firm, made["id"], action.name, given)
        if done is None:
            assert code != "ERP-1301", action
            assert action.handler is not None or code in ("ERP-1602", "ERP-1605"), (action, code)
            continue
        if action.target:
            assert done["state"] == action.target
        assert done["version"] > 1 or not action.stores
        if done.get("state") not in (dt.initial, None):
            with pytest.raises(Refused), unit_of_work(firm.admin) as work:
                service.remove(work, dt, made["id"])
            if done["state"] not in dt.editable:
                with pytest.raises(Refused), unit_of_work(firm.admin) as work:
                    service.update(work, dt, made["id"], {"note": "later"}, None)


def _taken(dt: DocumentType, firm: Firm, record_id: int, action: str, given: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """Return the record after a step, or the code of the refusal."""
    try:
        with unit_of_work(firm.admin) as work:
            return service.act(work, dt, record_id, action, given), ""
    except (Refused, Invalid, Forbidden) as refused:
        return None, refused.code


def _asked(action: Any) -> Iterator[tuple[Any, Shape]]:
    from erp_app.document.flow import asked

    known = asked(action)
    for one in action.form:
        yield one, known[one.name]


def _removal(dt: DocumentType, firm: Firm, _made: dict[str, Any]) -> None:
    made = make(dt, firm)
    if dt.is_document and made["state"] != dt.initial:  # a rule moved it on when it was saved
        with pytest.raises(Refused), unit_of_work(firm.admin) as work:
            service.remove(work, dt, made["id"], 1)
        return
    with unit_of_work(firm.admin) as work:
        service.remove(work, dt, made["id"], 1)
    with unit_of_work(firm.admin) as work:
        if dt.is_document:
            with pytest.raises(NotFound):
                service.get(work, dt, made["id"])
            assert work.value("SELECT state FROM record_ref WHERE id = %s", (made["id"],)) == "deleted"
        else:
            assert service.get(work, dt, made["id"])["active"] is False


def _closed(dt: DocumentType, firm: Firm) -> None:
    """A type other documents make cannot be made by hand, not even by an administrator (or not out of nothing); its list works."""
    with _nothing_written(firm), pytest.raises(Invalid if dt.make else Refused), unit_of_work(firm.admin) as work:
        service.create(work, dt, {})
    with unit_of_work(firm.admin) as work:
        service.page(work, dt, Query())
    with pytest.raises(Invalid):
        importing.run(firm.admin, dt, tables.Table(["a"], []), None, "preview")


def _free_text(dt: DocumentType) -> str | None:
    """Return a text field people can change that no rule reads: note or reference of a document, the name of master data."""
    return next((name for name in ("note", "reference", "name") if name in shape.header(dt) and shape.header(dt)[name].editable), None)


@contextmanager
def _nothing_written(firm: Firm) -> Iterator[None]:
    before = _rows(firm)
    yield
    assert _rows(firm) == before


def _rows(firm: Firm) -> list[int]:
    with unit_of_work(firm.admin) as work:
        return [
            work.value(query)
            for query in (
                "SELECT count(*) FROM record_ref",
                "SELECT count(*) FROM audit_event",
                "SELECT count(*) FROM outbox",
                "SELECT coalesce(sum(last), 0) FROM number_series",
            )
        ]


@contextmanager
def _counted() -> Iterator[list[str]]:
    """Collect the statements this thread sends."""
    sent: list[str] = []
    original = psycopg.Cursor.execute

    def execute(self: Any, query: Any, *args: Any, **named: Any) -> Any:
        sent.append(str(query)[:200])
        return original(self, query, *args, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", execute)
        yield sent
