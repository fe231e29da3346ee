"""Which invoices or bills an amount pays: the oldest first, or as told; never more than is open, never more than there is."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from erp_app.document import chain, reference
from erp_app.finance import repo
from erp_app.kernel.errors import Invalid, Refused
from erp_app.kernel.money import parse_decimal
from erp_app.kernel.uow import Work

OLDEST = "oldest"
MAX_CLAIMS = 1000


def understand(work: Work, document: Any, plural: str, claims: str, key: str) -> None:
    """Turn `allocate` ([{invoice, amount}]) into lines; `oldest` leaves the choice to the posting.

    Args:
        work: the open unit of work.
        document: the receipt or payment, `plural` its type.
        claims: plural of what is paid (`sales-invoices`), `key` its name in `allocate` (`invoice`).

    Raises:
        Invalid: ERP-3310 when it is neither.
    """
    told = document.allocate
    if told in (None, OLDEST):
        return
    if not isinstance(told, list) or len(told) > MAX_CLAIMS or not all(isinstance(one, dict) and {key, "amount"} <= set(one) for one in told):
        raise Invalid("ERP-3310", f"allocate is {OLDEST!r} or a list of {key} and amount.", errors={"allocate": f"must be {OLDEST!r} or [{{{key}, amount}}]"})
    found = reference.resolve(work, [(claims, _name(one[key])) for one in told])
    rows = []
    for number, one in enumerate(told, 1):
        target = found.get((claims, _name(one[key])))
        if target is None:
            raise Invalid("ERP-3310", f"There is no {key} {str(one[key])[:60]!r}.", errors={f"allocate.{number}.{key}": "does not exist"})
        rows.append({"claim_id": target.id, "amount": int(parse_decimal(one["amount"], places=0, name="amount"))})
    chain.replace_lines(work, plural, document.id, rows)
    document.allocate = None


def decide(work: Work, document: Any, plural: str, claims: str, party: str) -> list[tuple[Any, int]]:
    """Return (claim, amount) of what the document pays, with the claims locked; `party` is the column that names who pays.

    Raises:
        Refused: ERP-3311 for a claim of somebody else or not open, ERP-3312 for more than is open or than there is.
    """
    party_id = getattr(document, party)
    lines = chain.lines(work, plural, document.id)
    if not lines and document.allocate == OLDEST:
        return _oldest(work, document, plural, claims, party_id)
    locked = {one.id: one for one in chain.records(work, claims, [line.claim_id for line in lines])}
    paid: list[tuple[Any, int]] = []
    for line in lines:
        claim = locked[line.claim_id]
        if getattr(claim, party) != party_id or claim.state not in ("posted", "part_paid"):
            raise Refused("ERP-3311", f"{claim.number} is {claim.state} or of somebody else; it cannot be paid here.", data={"document": claim.number})
        if not 0 < line.amount <= claim.total - claim.paid:
            raise Refused(
                "ERP-3312", f"{claim.number} has {claim.total - claim.paid} open; {line.amount} cannot be paid on it.",
                errors={f"lines.{line.line_no}.amount": f"at most {claim.total - claim.paid}"}, data={"document": claim.number},
            )
        paid.append((claim, line.amount))
    if sum(amount for _, amount in paid) > document.amount:
        raise Refused("ERP-3312", f"More is allocated than the {document.amount} of {document.number}.", errors={"amount": "less than what is allocated"})
    return paid


def apply(work: Work, document: Any, party_id: int, claims: str, paid: list[tuple[Any, int]], sign: int = 1) -> None:
    """Count the claims as paid (or take it back), bring them to their states, and record the settlement."""
    for claim, amount in paid:
        left = claim.total - claim.paid - sign * amount
        state = "paid" if left == 0 else "part_paid" if left < claim.total else "posted"
        chain.advance(work, claims, claim.id, state, paid=claim.total - left)
        chain.link(work, [claim.id], document.id)
    day = day_of(work, document)
    if sign < 0:  # the day of the reversal
        day = max(day, work.now.astimezone(ZoneInfo(work.actor.tz)).date())
    repo.settle(work, party_id, document.id, day, [(claim.id, sign * amount) for claim, amount in paid])


def day_of(work: Work, document: Any) -> date:
    """Return a document's date in the tenant's zone."""
    day: date = (document.effective_at or work.now).astimezone(ZoneInfo(work.actor.tz)).date()
    return day


def _oldest(work: Work, document: Any, plural: str, claims: str, party_id: int) -> list[tuple[Any, int]]:
    """Pay what is due first, and keep the choice as the document's lines."""
    ids = repo.open_claims(work, claims, party_id)
    locked = {one.id: one for one in chain.records(work, claims, ids)}
    rest, paid = document.amount, []
    for one in ids:
        amount = min(rest, locked[one].total - locked[one].paid)
        if amount > 0:
            paid.append((locked[one], amount))
            rest -= amount
    chain.replace_lines(work, plural, document.id, [{"claim_id": claim.id, "amount": amount} for claim, amount in paid])
    return paid


def _name(value: Any) -> int | str:
    return value if isinstance(value, int) and not isinstance(value, bool) else str(value)
