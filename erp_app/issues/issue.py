"""Issues: reported by anybody, routed to a department, solved by somebody, closed by a manager; the whole module is this file."""

from __future__ import annotations

from erp_app.document.declare import Access, Action, Ask, DocumentType, Menu
from erp_app.document.fields import AnyRecord, Choice, LongText, Ref, Str, User
from erp_app.document.models import Document

TEAM = ["staff:own+department", "manager"]


class Issue(Document, table=True):
    """Something that is wrong or asked for; it may be about any other record."""

    title: str = Str(max_length=120, required=True, label="Title")
    priority: str = Choice("low", "normal", "high", "urgent", default="normal", required=True, label="Priority")
    department_id: int | None = Ref("departments", label="Department")
    assignee_id: int | None = User(label="Assignee")
    about: int | None = AnyRecord(label="About")
    body: str | None = LongText(max_length=4000, label="Description")


ROUTE = (Ask("department", "ref", required=True, ref="departments"), Ask("assignee", "user"))
ISSUES = DocumentType(
    Issue, label="Issue", plural="issues", number="ISS-{year}-{seq:05}", initial="open", editable=["open", "routed", "in_progress"],
    columns=["number", "title", "priority", "department", "assignee", "effective_at", "state"], title="title",
    search=["number", "title", "body"], filters=["priority", "department", "assignee", "state"], links=["about"],
    states=["open", "routed", "in_progress", "solved", "closed"],
    actions=[
        Action("route", ("open",), "routed", "edit", form=ROUTE),
        Action("start", ("routed",), "in_progress", "edit", label="Start work"),
        Action("solve", ("in_progress",), "solved", "edit", form=(Ask("note", "long_text", "What was done"),)),
        Action("close", ("solved",), "closed", "approve"),
        Action("reopen", ("solved", "closed"), "in_progress", "edit", implied=False, reason=True),
    ],
    access=Access(view=TEAM, create=["staff", "manager"], edit=TEAM, approve=["manager"]),
    menu=Menu("Work", icon="circle-dot", order=10),
)  # fmt: skip
