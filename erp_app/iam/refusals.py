"""Refused events and requests leave an audit row, up to a rate: an attacker must not be able to fill the trail."""

from __future__ import annotations

from erp_app.iam import throttle
from erp_app.iam.address import throttle_key
from erp_app.iam.identity import Identity
from erp_app.kernel import limits, log
from erp_app.kernel.actor import Actor
from erp_app.kernel.uow import unit_of_work


def record(who: Identity | None, kind: str, name: str, reason: str, address: str = "-") -> None:
    """Write down that something was refused; of nobody in the audit trail of tenant 0, the installation's own.

    Args:
        kind: `event` (a screen's handler) or `request` (an endpoint).
        reason: why; empty: too ordinary to be audited.
    """
    log.logger("guard").warning("refused", kind=kind, name=name, reason=reason, user=who.actor.username if who else "-", address=address)
    if not reason:
        return
    actor = who.actor if who else Actor(tenant_id=0, user_id=0, username="-", via="web", address=address)
    if throttle.wait_for(f"refusals:{actor.tenant_id}:{actor.user_id}:{throttle_key(address)}", limits.REFUSALS_AUDITED_PER_MINUTE):
        return
    with unit_of_work(actor) as work:
        work.audit(f"{kind}.refused", resource=name[:200], reason=reason)
