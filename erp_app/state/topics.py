"""What screens can follow live, and who may follow it. A topic nobody declared here is followed by nobody.

`doc:<plural>` all records of a type · `rec:<id>` one record · `stock` · `ledger` · `queue` · `dash` · `notify:<user id>`
· `pulse` the moment of the company's last change (every screen shows that it is live)
· `user:<user id>` and `session:<session id>` only the person itself.
"""

from __future__ import annotations

from erp_app.document import repo_view
from erp_app.kernel.access import may
from erp_app.kernel.actor import Actor
from erp_app.kernel.uow import unit_of_work

PULSE, PAUSED = "pulse", "paused"
_RIGHTS = {  # topic: any of these resources may be viewed
    "stock": ("stock", "items", "places"),
    "ledger": ("journal-entries", "accounts"),
    "queue": ("operations", "cost-queues", "items"),  # says only that costs are being worked out
    "integrity": ("integrity",),
}
_ACCESS_TYPES = ("doc:users", "doc:roles", "doc:departments", "doc:permissions")
_ACCESS_EVENTS = ("user.", "session.", "role.", "permission.", "access.")


def allowed(actor: Actor, topic: str) -> bool:
    """Tell whether the actor may follow a topic. May read the database: call it in a thread."""
    kind, _, rest = topic.partition(":")
    if kind == "doc":
        return may(actor, rest, "view")
    if kind == "rec" and rest.isdigit():
        with unit_of_work(actor) as work:
            return repo_view.visible(work, int(rest))
    if kind in ("notify", "user"):
        return rest == str(actor.user_id)
    if kind == "session":
        return bool(rest) and rest == actor.session_id
    if kind in ("dash", PULSE):
        return not rest
    return not rest and any(may(actor, resource, "view") for resource in _RIGHTS.get(kind, ()))


def implied(topics: list[str]) -> list[str]:
    """Return topics that follow from others: whatever happens to documents, stock or journal may show on a dashboard."""
    return ["dash"] if any(one.startswith("doc:") or one in ("stock", "ledger") for one in topics) else []


def changes_access(event: str, topics: list[str]) -> bool:
    """Tell whether an event may have changed what people may see, so that live rooms must be checked again."""
    return event.startswith(_ACCESS_EVENTS) or any(one in _ACCESS_TYPES for one in topics)
