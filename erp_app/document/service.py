"""What people and programs do with records: create, change, remove, read, and take the steps of their flow.

Everything takes the open unit of work and the declaration, takes and returns plain dicts in API form (see `read`), and checks
the actor's right itself. `ref` is an id, a number or a code. Handlers of steps use `load`, `lines_of`, `link`, `advance`, and
`create`/`act` with `internal=True` for what a service does on its own behalf (derived documents, derived fields).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy.exc import IntegrityError

from erp_app.document import flow, read, registry, repo, series, write
from erp_app.document.changes import Snapshot, record_change
from erp_app.document.declare import DocumentType
from erp_app.document.listing import Page, Query, page
from erp_app.document.repo import lines_of, link, load
from erp_app.kernel.access import may, require
from erp_app.kernel.actor import Actor
from erp_app.kernel.errors import Conflict, ErpError, Invalid, NotFound, Refused
from erp_app.kernel.idempotency import once
from erp_app.kernel.ids import new_key
from erp_app.kernel.uow import Work, carry_out, unit_of_work

__all__ = [
    "Page",
    "Query",
    "act",
    "act_many",
    "advance",
    "create",
    "get",
    "get_id",
    "lines_of",
    "link",
    "load",
    "page",
    "preview",
    "remove",
    "update",
]

MAX_BULK = 1000


def create(work: Work, dt: DocumentType, data: Mapping[str, Any], *, internal: bool = False, numbered: bool = True) -> dict[str, Any]:
    """Store a new record; a document gets its number last.

    Args:
        work: the open unit of work.
        dt: the declaration.
        data: fields by API name, lines as lists of such, `custom` as an object.
        internal: a service creates it: no right is asked, and fields people cannot give may be given.
        numbered: False only for trying: it takes no number, so that nobody waits for the series meanwhile.

    Raises:
        Forbidden: ERP-1301 without the right to create.
        Invalid: ERP-1102 with a message by field.
        Conflict: ERP-1004 when the code is taken.
    """
    if not internal:
        require(work.actor, dt.plural, "create")
        if dt.make is not None:
            return read.present(work, dt, load(work, dt, dt.make(work, data)))
        if not dt.creatable:
            raise Refused("ERP-1606", f"{dt.label_plural} are made by other documents, not by hand.")
    given = write.read(work, dt, data, internal=internal)
    doc = dt.model(**given.header)
    doc.tenant_id, doc.id, doc.custom = work.actor.tenant_id, repo.next_id(work), given.custom
    doc.created_by = doc.updated_by = work.actor.user_id
    doc.created_at = doc.updated_at = work.now
    if dt.is_document:
        _begin(work, dt, doc, given.header)
    if not internal:
        _may_keep(work, dt, doc, "create")
    work.session.add(doc)
    _store(work, dt, doc)
    for lines in dt.lines:
        repo.put_lines(work, lines.model, doc.id, [write.final(row) for row in given.lines.get(lines.name, [])], stored=False)
    if dt.on_save:
        dt.on_save(work, doc)
    _store(work, dt, doc)
    _link(work, dt, doc)
    if dt.is_document and dt.number and numbered:
        doc.number = _number(work, dt, doc)
        work.flush()
    record_change(work, dt, doc, "create", None)
    return read.present(work, dt, doc)


def update(work: Work, dt: DocumentType, ref: int | str, data: Mapping[str, Any], version: int | None, *, internal: bool = False) -> dict[str, Any]:
    """Change fields and lines; what is not given stays. A list of lines replaces the lines (a `line_no` keeps that line's other values).

    Raises:
        NotFound: ERP-1001. Forbidden: ERP-1301. Invalid: ERP-1102.
        Conflict: ERP-1003 when somebody changed it since `version` was read.
        Refused: ERP-1603 when its state no longer allows changes.
    """
    doc = _locked(work, dt, ref, internal=internal)
    if not internal:
        _may_keep(work, dt, doc, "edit")
    _same_version(dt, doc, version)
    if dt.is_document and doc.state not in dt.editable and not internal:
        raise Refused(
            "ERP-1603",
            f"{dt.label} {doc.number} is {doc.state.replace('_', ' ')} and can no longer be changed. Reverse it and enter it again.",
            data={"number": doc.number, "state": doc.state},
        )
    before = Snapshot.take(work, dt, doc)
    given = write.read(work, dt, data, before=before.row, lines_before=before.lines, internal=internal)
    for column, value in given.header.items():
        setattr(doc, column, value)
    doc.custom = given.custom
    for lines in dt.lines:
        if lines.name in given.lines:
            repo.put_lines(work, lines.model, doc.id, [write.final(row) for row in given.lines[lines.name]], stored=True)
    if not internal:
        _may_keep(work, dt, doc, "edit")  # nor may it be moved out of one's own reach
    if dt.on_save:
        dt.on_save(work, doc)
    _store(work, dt, doc)
    _link(work, dt, doc)
    record_change(work, dt, doc, "update", before)
    return read.present(work, dt, doc)


def remove(work: Work, dt: DocumentType, ref: int | str, version: int | None = None) -> dict[str, Any]:
    """Remove a draft: it is hidden, its number stays used. Master data is deactivated instead; what refers to it stays right.

    Raises:
        Refused: ERP-1604 when it is no longer a draft.
    """
    doc = _locked(work, dt, ref)
    _may_keep(work, dt, doc, "edit")
    _same_version(dt, doc, version)
    before = Snapshot.take(work, dt, doc)
    if dt.is_document:
        if doc.state != dt.initial:
            raise Refused(
                "ERP-1604",
                f"{dt.label} {doc.number} is {doc.state.replace('_', ' ')}. Only drafts are deleted; reverse or cancel it instead.",
                data={"number": doc.number, "state": doc.state},
            )
        doc.state = repo.DELETED
    else:
        doc.active = False
    work.flush()
    record_change(work, dt, doc, "remove", before)
    return {"id": doc.id, "number": getattr(doc, dt.key), "version": doc.version}


def get(work: Work, dt: DocumentType, ref: int | str) -> dict[str, Any]:
    """Return one record with its lines, masked by field rights.

    Raises:
        Forbidden: ERP-1301 without any right to view the type. NotFound: ERP-1001, also for records out of the actor's scope.
    """
    require(work.actor, dt.plural, "view")
    doc = load(work, dt, ref)
    _visible(work, dt, doc, ref)
    return read.present(work, dt, doc)


def get_id(work: Work, dt: DocumentType, ref: int | str) -> int:
    """Return the id of a record the actor may view.

    Raises:
        Forbidden: ERP-1301. NotFound: ERP-1001.
    """
    require(work.actor, dt.plural, "view")
    doc = load(work, dt, ref)
    _visible(work, dt, doc, ref)
    return int(doc.id)


def act(
    work: Work, dt: DocumentType, ref: int | str, action: str, data: Mapping[str, Any] | None = None, version: int | None = None, *, internal: bool = False
) -> dict[str, Any]:
    """Take a step; from an earlier state the steps in between are taken too, each with its own right, audit row and event.

    Returns:
        The record after it, with what the step's handler answers put in.

    Raises:
        NotFound: ERP-1001, ERP-1601 (no such step). Forbidden: ERP-1301. Invalid: ERP-1102.
        Conflict: ERP-1003 (version). Refused: ERP-1602 (not from this state), and what the handler refuses.
    """
    doc = _locked(work, dt, ref, internal=internal)
    _same_version(dt, doc, version)
    given = dict(data or {})
    promised = given.pop("preview_token", None)
    answer = flow.take(work, dt, doc, action, given, internal=internal)
    if promised is not None:
        _as_promised(work, dt, doc, action, given, str(promised))
    return {**read.present(work, dt, doc), **answer}


def preview(actor: Actor, dt: DocumentType, ref: int | str, action: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Take a step in a transaction that is rolled back and tell what it would change.

    Returns:
        `before` and `after` (the record), `changes` (field: [before, after]), what the step answers, and for steps that post
        `effects` with a `token`: given back as `preview_token` with the step, it posts exactly this or not at all.
    """
    with unit_of_work(actor, dry_run=True) as work:
        doc = _locked(work, dt, ref)
        before = read.present(work, dt, doc)
        one = dt.action(action)
        answer = flow.take(work, dt, doc, action, data or {})
        if one is not None and one.preview is not None:
            answer |= one.preview(work, doc, dict(data or {})) or {}
            answer["token"] = _token(answer.get("effects"))
        after = read.present(work, dt, doc)
        changes = {key: [before.get(key), after.get(key)] for key in after if before.get(key) != after.get(key) and key not in ("version", "updated_at")}
        return {**answer, "before": before, "after": after, "changes": changes}


def _as_promised(work: Work, dt: DocumentType, doc: Any, action: str, data: dict[str, Any], token: str) -> None:
    """Compare what the step did with what its preview showed; on a difference nothing is stored and the new effects are told."""
    one = dt.action(action)
    effects = ((one.preview(work, doc, data) or {}).get("effects")) if one is not None and one.preview is not None else None
    if _token(effects) != token:
        raise Conflict(
            "ERP-1411",
            f"Since the preview of {getattr(doc, dt.key)} something else was posted: it would now change other things. Look at the new preview.",
            data={"effects": effects, "token": _token(effects)},
        )


def _token(effects: Any) -> str:
    """Return the seal of what was shown. Ids are no part of it: a record that the step itself makes gets another one in every try."""
    return hashlib.sha256(json.dumps(_without_ids(effects), sort_keys=True, default=str).encode()).hexdigest()


def _without_ids(part: Any) -> Any:
    if isinstance(part, Mapping):
        return {key: _without_ids(one) for key, one in part.items() if key != "id"}
    return [_without_ids(one) for one in part] if isinstance(part, list) else part


def act_many(
    actor: Actor, dt: DocumentType, refs: Sequence[int | str], action: str, data: Mapping[str, Any] | None = None, key: str | None = None
) -> list[dict[str, Any]]:
    """Take one step with many records, each in its own transaction, so that one refusal does not stop the others.

    With an idempotency key each record's step is taken once, however often the whole is sent.

    Returns:
        For each record in order: `ref`, `ok`, and either `number`, `state`, `version` or `code`, `detail`.
    """
    if len(refs) > MAX_BULK:
        raise Invalid("ERP-1607", f"At most {MAX_BULK} records in one go.", errors={"ids": f"takes 1 to {MAX_BULK} values"})
    results: list[dict[str, Any]] = []
    for ref in refs:
        try:
            done = carry_out(actor, partial(_step_once, dt, ref, action, data, f"{key}:{ref}" if key else None))
            results.append({"ref": ref, "ok": True, **done})
        except ErpError as error:
            results.append({"ref": ref, "ok": False, "code": error.code, "detail": error.detail})
    return results


def _step_once(dt: DocumentType, ref: int | str, action: str, data: Mapping[str, Any] | None, key: str | None, work: Work) -> dict[str, Any]:
    return once(work, key, {"type": dt.plural, "ref": ref, "action": action, "data": data}, lambda: _step(work, dt, ref, action, data))


def _step(work: Work, dt: DocumentType, ref: int | str, action: str, data: Mapping[str, Any] | None) -> dict[str, Any]:
    done = remove(work, dt, ref) if action == "remove" else act(work, dt, ref, action, data)
    return {name: done.get(name) for name in ("id", "number", "state", "version")}


def advance(work: Work, dt: DocumentType, doc: Any, state: str = "", *, action: str = "advance", **changes: Any) -> None:
    """Change state or columns of a record because another document made it so (an order becomes delivered), with audit and event.

    `doc` is an instance from `load(…, lock=True)`. Nothing is written when nothing changes.
    """
    before = Snapshot.take(work, dt, doc)
    for column, value in {**changes, **({"state": state} if state else {})}.items():
        setattr(doc, column, value)
    work.flush()
    record_change(work, dt, doc, action, before)


def _begin(work: Work, dt: DocumentType, doc: Any, given: Mapping[str, Any]) -> None:
    doc.number = given.get("number") or f"~{new_key()}"
    doc.state = given.get("state") or dt.initial
    doc.effective_at = given.get("effective_at") or work.now


def _number(work: Work, dt: DocumentType, doc: Any) -> str:
    """Take the next number of the series; placeholders name reference fields, whose code goes in."""
    parts: dict[str, str] = {}
    for name in series.placeholders(dt.number):
        value = getattr(doc, f"{name}_id", None)
        found = work.value("SELECT number FROM record_ref WHERE id = %s", (value,)) if value else None
        parts[name] = found or "0"
    return series.take(work, dt.number, doc.effective_at, parts)


def _locked(work: Work, dt: DocumentType, ref: int | str, *, internal: bool = False) -> Any:
    """Load for a change; somebody who may not even see it gets the same answer as for a record that is not there."""
    if not internal:
        require(work.actor, dt.plural, "view")
    doc = load(work, dt, ref, lock=True)
    if not internal:
        _visible(work, dt, doc, ref)
    return doc


def _visible(work: Work, dt: DocumentType, doc: Any, ref: int | str) -> None:
    if not may(work.actor, dt.plural, "view", repo.row_of(doc)):
        raise repo.missing(dt, ref)


def _may_keep(work: Work, dt: DocumentType, doc: Any, action: str) -> None:
    require(work.actor, dt.plural, action, repo.row_of(doc))


def _same_version(dt: DocumentType, doc: Any, version: int | None) -> None:
    if version is not None and version != doc.version:
        raise Conflict(
            "ERP-1003",
            f"{dt.label} {getattr(doc, dt.key)} was changed by someone else in the meantime (version {doc.version}, yours {version})."
            " Load it again and repeat your change.",
            data={"version": doc.version, "yours": version},
        )


def _store(work: Work, dt: DocumentType, doc: Any) -> None:
    """Send the record to the database; what is wrong with it, and a taken code, get messages at their fields."""
    errors = dt.check(doc) if dt.check else {}
    if errors:
        first, message = next(iter(errors.items()))
        raise Invalid("ERP-1102", f"{dt.label}: {first} {message}.", errors=errors)
    key = getattr(doc, dt.key)
    try:
        work.flush()
    except IntegrityError as error:
        if getattr(getattr(error.orig, "diag", None), "constraint_name", "") == f"{dt.table.name}_{dt.key}_key":
            raise Conflict("ERP-1004", f"{dt.label} {key} already exists. Choose another {dt.key}.", errors={dt.key: "already exists"}) from error
        raise


def _link(work: Work, dt: DocumentType, doc: Any) -> None:
    """Keep the document graph: what a declared reference points to led to this document."""
    pairs: list[tuple[int, int]] = []
    for name in dt.links:
        value = getattr(doc, name, None) or getattr(doc, f"{name}_id", None)
        pairs += [(int(one), doc.id) for one in (value if isinstance(value, list) else [value]) if one]
    repo.links(work, pairs)


def type_of(work: Work, record_id: int) -> DocumentType:
    """Return the declaration of a record by its id alone.

    Raises:
        NotFound: ERP-1001.
    """
    plural = work.value("SELECT type FROM record_ref WHERE id = %s AND state <> 'deleted'", (record_id,))
    if plural is None:
        raise NotFound("ERP-1001", f"There is no record {record_id}.")
    return registry.get(plural)
