"""The steps of a type's flow: which are open to whom, and taking one, with the steps in between where they are implied."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from erp_app.document import reference, repo, shape
from erp_app.document.changes import Snapshot, record_change
from erp_app.document.declare import Action, Ask, DocumentType
from erp_app.document.shape import Shape
from erp_app.document.values import Bad, parse, plain
from erp_app.document.write import MAX_LINES
from erp_app.kernel.access import may, require
from erp_app.kernel.actor import Actor
from erp_app.kernel.errors import Invalid, NotFound, Refused
from erp_app.kernel.uow import Work

MAX_REASON = 1000


def take(work: Work, dt: DocumentType, doc: Any, name: str, data: Mapping[str, Any], *, internal: bool = False) -> dict[str, Any]:
    """Take the step and those implied before it; return what the handlers answer, in API form. The record is locked."""
    action = dt.action(name)
    if action is None:
        raise NotFound("ERP-1601", f"{dt.label} has no step {name[:40]!r}.")
    path = _path(dt, getattr(doc, "state", ""), action)
    record = repo.row_of(doc)
    if not internal:
        for step in path or [action]:
            require(work.actor, dt.plural, step.permission, record)
    if path is None:
        raise _not_from_here(dt, doc, action)
    answer: dict[str, Any] = {}
    for step in path:
        answer |= _step(work, dt, doc, step, data if step is action else {})
    return answer


def open_steps(actor: Actor, dt: DocumentType, record: Mapping[str, Any]) -> list[Action]:
    """Return the steps this actor can take now, straight from the record's state (a mapping of its columns)."""
    state = record.get("state", "")
    return [one for one in dt.actions if state in one.sources and may(actor, dt.plural, one.permission, record) and _shown(one, record)]


def _step(work: Work, dt: DocumentType, doc: Any, action: Action, data: Mapping[str, Any]) -> dict[str, Any]:
    """Take one step: check its input, call its handler, change the state, write audit row and event."""
    if not _shown(action, repo.row_of(doc)):
        raise Refused("ERP-1605", f"{_verb(action)} is not possible for {dt.label.lower()} {getattr(doc, dt.key)} as it is now.")
    values = given(work, dt, action, data)
    before = Snapshot.take(work, dt, doc)
    answer = dict(action.handler(work, doc, values) or {}) if action.handler else _keep(dt, doc, action, values)
    state = answer.pop("state", None) or action.target
    if state:
        doc.state = state
    work.flush()
    if action.stores:
        record_change(work, dt, doc, action.name, before, reason=values.get("reason"), always=True)
        work.flush()
    result: dict[str, Any] = plain(answer, work.actor.tz)
    return result


def _keep(dt: DocumentType, doc: Any, action: Action, values: Mapping[str, Any]) -> dict[str, Any]:
    """A step without a handler stores what it asked for in the fields of the same name (the department an issue is routed to)."""
    for name, asked_for in asked(action).items():
        one = shape.header(dt).get(name)
        if one is not None and asked_for.column in values:
            setattr(doc, one.column, values[asked_for.column])
    return {}


def _path(dt: DocumentType, state: str, goal: Action) -> list[Action] | None:
    """Return the shortest chain of steps from a state that ends with the goal, or None. Steps between must be implied ones."""
    queue: deque[tuple[str, list[Action]]] = deque([(state, [])])
    seen = {state}
    while queue:
        here, steps = queue.popleft()
        if here in goal.sources:
            return [*steps, goal]
        for one in dt.actions:
            asks = one.reason or any(ask.required for ask in one.form)
            if here in one.sources and one.implied and one.target and not asks and one is not goal and one.target not in seen:
                seen.add(one.target)
                queue.append((one.target, [*steps, one]))
    return None


def asked(action: Action, *, on_screen: bool = False) -> dict[str, Shape]:
    """Return what a step asks for, as fields by name; the reason among them."""
    asks = {one.name: one for one in action.form}
    if action.reason and "reason" not in asks:
        asks["reason"] = Ask("reason", "long_text", "Reason", required=on_screen or action.reason is True)
    return {name: _ask_shape(one) for name, one in asks.items()}


def given(work: Work, dt: DocumentType, action: Action, data: Mapping[str, Any]) -> dict[str, Any]:
    """Check a step's input against what it asks for; references become ids under `<name>_id` (lists of them stay under their name).

    Raises:
        Invalid: ERP-1102 with a message by field.
    """
    errors: dict[str, str] = {}
    tables = {"lines": action.lines} if action.lines else {}
    shapes = asked(action, on_screen=work.actor.via == "web")
    result: dict[str, Any] = {}
    pending: list[tuple[dict[str, Any], Shape, Any, str]] = []
    for name, value in data.items():
        if name in shapes:
            _read(shapes[name], value, work.actor.tz, result, name, errors, pending)
        elif name not in tables:
            errors[str(name)[:60]] = "is not asked for by this step"
    if action.lines is not None:
        result["lines"] = _lines(work.actor.tz, action, data.get("lines"), errors, pending)
    errors.update({name: "is required" for name, one in shapes.items() if one.required and result.get(one.column) is None and name not in errors})
    _resolve(work, pending, errors)
    if errors:
        first, message = next(iter(errors.items()))
        raise Invalid("ERP-1102", f"{_verb(action)} {dt.label.lower()}: {first} {message}.", errors=errors)
    return result


def _lines(tz: str, action: Action, data: Any, errors: dict[str, str], pending: list[tuple[dict[str, Any], Shape, Any, str]]) -> list[dict[str, Any]]:
    """Read the lines of a step like lines of a document; missing required fields are errors, no lines at all are the handler's business."""
    if data is None:
        return []
    if not isinstance(data, list) or len(data) > MAX_LINES or not all(isinstance(row, Mapping) for row in data):
        errors["lines"] = f"must be a list of at most {MAX_LINES} lines"
        return []
    assert action.lines is not None  # noqa: S101 - the caller asked
    known = {one.name: one for one in shape.described(action.lines)}
    result = []
    for number, row in enumerate(data, 1):
        columns: dict[str, Any] = {"line_no": number}
        for name, value in row.items():
            if name not in known or not known[name].editable:
                errors[f"lines.{number}.{str(name)[:60]}"] = "is no field of this line"
            else:
                _read(known[name], value, tz, columns, f"lines.{number}.{name}", errors, pending)
        for name, one in known.items():
            columns.setdefault(one.column, None)
            if one.required and columns[one.column] is None:
                errors.setdefault(f"lines.{number}.{name}", "is required")
        result.append(columns)
    return result


def _read(
    one: Shape, value: Any, tz: str, target: dict[str, Any], where: str, errors: dict[str, str], pending: list[tuple[dict[str, Any], Shape, Any, str]]
) -> None:
    try:
        stored = parse(one, value, tz)
    except Bad as bad:
        errors[where] = str(bad)
        return
    target[one.column] = stored
    if stored is not None and one.kind in shape.REFERENCES:
        pending.append((target, one, stored, where))


def _resolve(work: Work, pending: list[tuple[dict[str, Any], Shape, Any, str]], errors: dict[str, str]) -> None:
    wanted = [(one.ref, key) for _, one, stored, _ in pending for key in (stored if isinstance(stored, list) else [stored])]
    found = reference.resolve(work, wanted) if wanted else {}
    for target, one, stored, where in pending:
        keys = stored if isinstance(stored, list) else [stored]
        unknown = [str(key)[:60] for key in keys if (one.ref, key) not in found]
        if unknown:
            errors[where] = f"there is no {one.ref.removesuffix('s').replace('-', ' ')} {', '.join(repr(key) for key in unknown[:5])}"
            continue
        ids = [found[one.ref, key].id for key in keys]
        target[one.column] = ids if isinstance(stored, list) else ids[0]


def _ask_shape(ask: Ask) -> Shape:
    length = {"text": 200, "long_text": 4000, "choice": 60}.get(ask.kind)
    if ask.name == "reason":
        length = MAX_REASON
    column = f"{ask.name}_id" if ask.kind in ("ref", "user") else ask.name
    places = {"quantity": 4, "price": 4, "percent": 4, "money": 0}.get(ask.kind)
    return Shape(
        ask.name,
        column,
        ask.kind,
        ask.label or ask.name.capitalize(),
        required=ask.required,
        ref=ask.ref or ("users" if ask.kind == "user" else ""),
        choices=ask.choices,
        places=places,
        max_length=length,
    )


def _shown(action: Action, record: Mapping[str, Any]) -> bool:
    return action.visible is None or bool(action.visible(record))


def _verb(action: Action) -> str:
    return action.label or action.name.replace("_", " ").replace("-", " ").capitalize()


def _not_from_here(dt: DocumentType, doc: Any, action: Action) -> Refused:
    number, state = getattr(doc, dt.key), str(getattr(doc, "state", ""))
    wanted = " or ".join(one.replace("_", " ") for one in action.sources)
    return Refused(
        "ERP-1602",
        f"{_verb(action)} is not possible: {dt.label.lower()} {number} is {state.replace('_', ' ')}, it must be {wanted}.",
        data={"number": number, "state": state, "sources": list(action.sources)},
    )


def label(action: Action) -> str:
    """Return the text of the step's button."""
    return _verb(action)
