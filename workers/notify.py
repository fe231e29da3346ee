"""Decides from business events whom to notify: who was mentioned, whose approval is waited for, to whom something was assigned."""

from __future__ import annotations

from typing import Any

import erp_app.domains  # noqa: F401 - events name document types, and all must be known here
from erp_app.document import registry, repo
from erp_app.document.declare import DocumentType
from erp_app.kernel.delivery import Event
from erp_app.kernel.errors import NotFound
from erp_app.kernel.uow import Work
from erp_app.notify import service as notify

SHOWN = 200  # characters of a comment in the bell


def tell(work: Work, event: Event) -> None:
    """Handle one event; those that concern nobody leave nothing."""
    handler = _HANDLERS.get(event.name)
    if handler is not None:
        handler(work, event.payload)


def _document_changed(work: Work, payload: dict[str, Any]) -> None:
    try:
        dt = registry.get(str(payload["type"]))
        doc = repo.load(work, dt, int(payload["id"]))
    except NotFound:
        return  # deleted since
    row = repo.row_of(doc)
    number = str(row.get(dt.key) or payload.get("number", ""))
    author = int(payload.get("user_id", 0))
    if payload.get("action") != "update":  # the state is the same as before
        _ask_for_approval(work, dt, row, author)
    assignee = row.get("assignee_id")
    if assignee is not None and assignee != author and notify.may_see(work, [int(assignee)], row["id"]):
        notify.tell_once(
            work,
            int(assignee),
            "assigned",
            {"number": number, "text": str(row.get("title") or "")},
            record_type=dt.plural,
            record_id=row["id"],
        )


def _ask_for_approval(work: Work, dt: DocumentType, row: dict[str, Any], author: int) -> None:
    """Tell everybody who may take the step that waits in this state, unless the author may; take it back when the state has passed."""
    if not any(action.permission == "approve" for action in dt.actions):
        return
    notify.withdraw(work, "approval", row["id"])
    state = str(row.get("state", ""))
    if any(action.permission == "approve" and state in action.sources and action.implied for action in dt.actions):
        people = notify.holders(work, dt.plural, "approve", row)
        if author not in people:
            data = {"number": str(row.get(dt.key, "")), "label": dt.label}
            notify.tell(work, people, "approval", data, record_type=dt.plural, record_id=row["id"])


def _comment_added(work: Work, payload: dict[str, Any]) -> None:
    """Call the attention of who was mentioned and may see the record."""
    record, author = int(payload["record_id"]), int(payload.get("user_id", 0))
    named = {int(one) for one in payload.get("mentions", [])} - {author}
    data = {"who": str(payload.get("username", "")), "number": str(payload.get("number", "")), "text": str(payload.get("body", ""))[:SHOWN]}
    notify.tell(work, notify.may_see(work, named, record), "mention", data, record_type=str(payload.get("type", "")), record_id=record)


def _hpp_failed(work: Work, payload: dict[str, Any]) -> None:
    data = {"item": str(payload.get("item", payload.get("item_id", ""))), "text": str(payload.get("error", ""))[:SHOWN]}
    notify.tell(work, notify.holders(work, "operations", "view"), "costs_failed", data, record_id=payload.get("item_id"))


def _import_finished(work: Work, payload: dict[str, Any]) -> None:
    data = {"label": str(payload.get("label", payload.get("type", ""))), "text": str(payload.get("text", ""))[:SHOWN]}
    notify.tell(work, [int(payload["user_id"])], "import_finished", data, record_type=str(payload.get("type", "")))


_HANDLERS = {
    "document.changed": _document_changed,
    "comment.added": _comment_added,
    "hpp.failed": _hpp_failed,
    "import.finished": _import_finished,
}
