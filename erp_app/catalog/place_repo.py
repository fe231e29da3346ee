"""Finding the places that documents use without being told: the supplier side, transit, customers, adjustment, quarantine."""

from __future__ import annotations

from erp_app.kernel.errors import Refused
from erp_app.kernel.uow import Work


def of_kind(work: Work, kind: str) -> int:
    """Return the id of the tenant's first active place of a kind.

    Raises:
        Refused: ERP-2101 when there is none.
    """
    found = work.value("SELECT id FROM place WHERE kind = %s AND active ORDER BY id LIMIT 1", [kind])
    if found is None:
        raise Refused("ERP-2101", f"There is no place of kind {kind}. Create one under Places first.", data={"kind": kind})
    return int(found)


def kind_of(work: Work, place_id: int) -> str:
    """Return a place's kind."""
    return str(work.value("SELECT kind FROM place WHERE id = %s", [place_id]))
