"""What a document type is: the declaration from which list, form, detail, API, import, export, print and contract tests follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import ForeignKeyConstraint, Index, Table, UniqueConstraint, text

from erp_app.document.models import Document, Line, Record

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work

SCREENS: Final = "screens"
Handler = Callable[["Work", Any, dict[str, Any]], "dict[str, Any] | None"]
Hook = Callable[["Work", Any], None]
Check = Callable[[Any], "dict[str, str]"]
Maker = Callable[["Work", Mapping[str, Any]], int]


@dataclass(frozen=True)
class Action:
    """One step people can take with a document.

    Attributes:
        sources: states it starts from.
        target: state it leads to; empty: the handler decides (returns {"state": …}) or the state stays.
        permission: the right it needs (`approve`, `post`, `cancel`, `edit` …).
        handler: the verb's effect inside the unit of work, before the state changes; its dict is added to the answer.
        form: what it asks for (shown as a small form); without a handler it is stored in the record's fields of the same name.
        implied: whether a later action may do it on the way (False for reject, reverse, cancel and the like).
        lines: model of the lines a step asks for (`data["lines"]`: dicts of columns with ids for references).
        reason: people must say why (`SCREENS`: on screen; a program may leave it out).
        visible: a further condition on the record's columns; stores: False for a step that only computes.
        preview: more for the preview (called after the step within the rolled back transaction; its dict is added).
    """

    name: str
    sources: tuple[str, ...]
    target: str = ""
    permission: str = "edit"
    handler: Handler | None = None
    label: str = ""
    form: tuple[Ask, ...] = ()
    lines: type[Line] | None = None
    implied: bool = True
    confirm: bool = False
    reason: bool | Literal["screens"] = False
    visible: Callable[[Mapping[str, Any]], bool] | None = None
    stores: bool = True
    preview: Handler | None = None


@dataclass(frozen=True)
class Ask:
    """One value an action asks for."""

    name: str
    kind: str = "text"
    label: str = ""
    required: bool = False
    ref: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lines:
    """A table of lines within the document's form."""

    name: str
    model: type[Line]
    label: str = "Lines"
    required: bool = True


@dataclass(frozen=True)
class Access:
    """Roles that hold each right by default, with an optional scope after a colon (`staff:own`). Admin and system hold all."""

    view: Sequence[str] = ()
    create: Sequence[str] = ()
    edit: Sequence[str] = ()
    approve: Sequence[str] = ()
    post: Sequence[str] = ()
    cancel: Sequence[str] = ()
    export: Sequence[str] = ("manager",)
    see_cost: Sequence[str] = ("manager", "finance")


@dataclass(frozen=True)
class Menu:
    """Where the type stands in the menu; an empty section keeps it out."""

    section: str = ""
    icon: str = "file-text"
    order: int = 50


@dataclass(eq=False)
class DocumentType:
    """The declaration of one type of record. Constructing it checks it, completes the table and registers the type.

    Attributes:
        model: the SQLModel table class (a Document, or a Master for things with code and name).
        plural: kebab-case plural noun: REST resource, URL and permission resource (`sales-orders`).
        number: pattern with {year} {month} {seq:05}, also {warehouse}; empty for master data, whose code is given by people.
        columns: names shown in the list by default, search: columns the search box looks in, filters: names offered as filters.
        initial: first state; editable: states in which fields and lines may still be changed.
        check: what is wrong with the header by itself, by field; asked before the database refuses it with fewer words.
        on_save: called after create/update with fields and lines in place (derive totals, check rules), before the audit row.
        title: column shown beside the number in search and links; told: texts the program itself writes, shown in the reader's language.
        creatable: whether people make records by filling in fields; make: else how one comes about that a program asks for (returns its id).
    """

    model: type[Record]
    label: str
    plural: str
    label_plural: str = ""
    number: str = ""
    columns: Sequence[str] = ()
    search: Sequence[str] = ()
    filters: Sequence[str] = ()
    sort: str = ""
    lines: Sequence[Lines] = ()
    actions: Sequence[Action] = ()
    access: Access = field(default_factory=Access)
    menu: Menu = field(default_factory=Menu)
    initial: str = "draft"
    editable: Sequence[str] = ("draft",)
    states: Sequence[str] = ()
    title: str = ""
    told: Sequence[str] = ()
    links: Sequence[str] = ()
    check: Check | None = None
    on_save: Hook | None = None
    pdf: Callable[[Work, dict[str, Any]], bytes] | None = None
    answer: Callable[[Work, dict[str, Any]], dict[str, Any]] | None = None
    creatable: bool = True
    make: Maker | None = None

    def __post_init__(self) -> None:
        """Complete the tables with keys and indexes and enter the registry."""
        from erp_app.document import registry  # noqa: PLC0415 - the registry refers to this class

        self.label_plural = self.label_plural or f"{self.label}s"
        registry.add(self)
        _complete(self)
        for lines in self.lines:
            _complete_lines(lines.model, self.table)

    @property
    def table(self) -> Table:
        """The SQLAlchemy table of the header."""
        return self.model.__table__  # type: ignore[attr-defined, no-any-return]

    @property
    def is_document(self) -> bool:
        """Whether it has number, date and state (otherwise it is master data)."""
        return issubclass(self.model, Document)

    @property
    def key(self) -> str:
        """The column people refer to it by."""
        return "number" if self.is_document else "code"

    def action(self, name: str) -> Action | None:
        """Return the action of that name."""
        return next((one for one in self.actions if one.name == name), None)


def _complete(dt: DocumentType) -> None:
    """Add what follows from the declaration: unique key, list indexes, foreign keys of references, the comment triggers read."""
    table = dt.table
    table.info["document_type"] = dt.plural
    if dt.key in table.c:
        table.append_constraint(UniqueConstraint("tenant_id", dt.key, name=f"{table.name}_{dt.key}_key"))
    _foreign_keys(table)
    _list_indexes(dt)
    title = _column(table, dt.title) or next((name for name in ("name", "title") if name in table.c), "") or _first_reference(dt)
    search = ",".join(name for name in (_column(table, one) for one in dt.search) if name not in ("", dt.key))
    table.comment = " ".join(part for part in (table.comment, "no_delete", f"record:{dt.plural} title={title} search={search}") if part)


def _list_indexes(dt: DocumentType) -> None:
    """Every column a list can be sorted or filtered by has an index with the id, so that any page is read in order."""
    table = dt.table
    names = [*(("effective_at", "state", "created_at", "updated_at") if dt.is_document else ()), *dt.columns, *dt.filters]
    for name in dict.fromkeys(_column(table, one) for one in names):
        if name and name != dt.key and table.c[name].info.get("kind") not in ("refs", "json", "long_text") and not table.c[name].info.get("ref"):
            Index(f"{table.name}_by_{name}", table.c.tenant_id, table.c[name], table.c.id, **_live(table))


def _live(table: Table) -> dict[str, Any]:
    """Return the option that leaves deleted drafts out of an index, as every list does: then pages are read from the index alone."""
    return {"postgresql_where": text("state <> 'deleted'")} if "state" in table.c else {}


def _column(table: Table, name: str) -> str:
    """Return the column of a field named as in the API or as in the table, empty when there is none."""
    return next((one for one in (name, f"{name}_id") if one and one in table.c), "")


def _first_reference(dt: DocumentType) -> str:
    """Return the first reference among the list's columns: what people know an unnamed document by (the order's customer)."""
    found = (_column(dt.table, name) for name in dt.columns)
    return next((name for name in found if name and dt.table.c[name].info.get("kind") == "ref"), "")


def _complete_lines(model: type[Line], parent: Table) -> None:
    table: Table = model.__table__  # type: ignore[attr-defined]
    if "lines_of" in table.info:
        return
    table.info["lines_of"] = parent.name
    table.append_constraint(
        ForeignKeyConstraint(
            ["tenant_id", "document_id"], [f"{parent.name}.tenant_id", f"{parent.name}.id"], name=f"{table.name}_document_fk", ondelete="CASCADE"
        ),
    )
    _foreign_keys(table)


def _foreign_keys(table: Table) -> None:
    """Every reference is a foreign key together with the tenant, so that a row cannot even refer across tenants."""
    from erp_app.document import registry  # noqa: PLC0415

    for column in list(table.c):
        plural = column.info.get("ref")
        if plural == "*":
            table.append_constraint(
                ForeignKeyConstraint(["tenant_id", column.name], ["record_ref.tenant_id", "record_ref.id"], name=f"{table.name}_{column.name}_fk"),
            )
        elif plural and not column.info.get("many"):
            registry.when_known(plural, partial(_foreign_key, table, column.name))
            rest = [table.c.id] if "id" in table.c else []
            Index(f"{table.name}_{column.name}", table.c.tenant_id, column, *rest, **_live(table))


def _foreign_key(table: Table, column: str, target: str) -> None:
    table.append_constraint(
        ForeignKeyConstraint(["tenant_id", column], [f"{target}.tenant_id", f"{target}.id"], name=f"{table.name}_{column}_fk", use_alter=True),
    )
