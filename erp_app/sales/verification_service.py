"""Verification of deliveries (NC) and the delivery orders (DO) they make: what is accepted is sold, the rest goes elsewhere first."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from erp_app.catalog import place_repo
from erp_app.document import chain
from erp_app.kernel.access import may
from erp_app.kernel.errors import Forbidden, Invalid, Refused
from erp_app.kernel.money import amount, quantity_text, to_units
from erp_app.kernel.uow import Work
from erp_app.posting import service as posting
from erp_app.posting.models import Move, Posting
from erp_app.posting.moments import settle_moment
from erp_app.sales import repo
from erp_app.sales.delivery_service import count_delivered
from erp_app.sales.rules import Checked

TYPE = "delivery-verifications"


def complete_verification(work: Work, check: Any) -> None:
    """Bring the lines into the order of the delivery note's, with what was sent; what nobody mentions was accepted.

    Raises:
        Refused: ERP-3120 when the note is not under way or another verification checks it.
        Invalid: ERP-3121 when a line does not add up or its item was not sent.
    """
    chain.check_lines(work, TYPE, check.id, above=(), from_zero=("accepted", "damaged", "short", "extra"))
    note = chain.record(work, "delivery-notes", check.delivery_note_id)
    _check_note(work, note, check)
    check.customer_id = note.customer_id
    given = list(chain.lines(work, TYPE, check.id))
    rows, errors = [], {}
    for sent in chain.lines(work, "delivery-notes", note.id):
        line = next((one for one in given if one.item_id == sent.item_id), None)
        if line is not None:
            given.remove(line)
        found = Checked(sent.quantity, *((line.accepted, line.damaged, line.short, line.extra) if line else (None, 0, 0, 0)))
        if found.problem():
            errors[f"lines.{sent.line_no}.accepted"] = found.problem()
        rows.append({
            "item_id": sent.item_id, "sent": sent.quantity, "accepted": found.accepted_or_rest(),
            "damaged": found.damaged, "short": found.short, "extra": found.extra,
        })
    errors |= {f"lines.{line.line_no}.item": f"was not sent with {note.number}" for line in given}
    if errors:
        first = next(iter(errors))
        raise Invalid("ERP-3121", f"{note.number}: {first} {errors[first]}.", errors=errors)
    chain.replace_lines(work, TYPE, check.id, rows)


def post_verification(work: Work, check: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Book what was not accepted, valued before the accepted goods, and make the delivery order of the rest.

    Raises:
        Refused: ERP-3120. Forbidden: ERP-3122 when there are rejects and the actor may not approve them.
    """
    note = chain.record(work, "delivery-notes", check.delivery_note_id, lock=True)
    _check_note(work, note, check)
    lines = chain.lines(work, TYPE, check.id)
    if any(line.damaged or line.short for line in lines) and not may(work.actor, TYPE, "approve"):
        raise Forbidden("ERP-3122", f"{check.number} has damaged or short goods; the sales manager posts it.")
    chain.record(work, "sales-orders", note.sales_order_id, lock=True)
    settle_moment(work, check, (line.item_id for line in lines))
    _after_departure(work, check, note)
    moves = _reject_moves(work, check, note, lines)
    pending = False
    if moves:
        text = f"Verification {check.number} of {note.number}"
        pending = posting.post(work, Posting(document_id=check.id, effective_at=check.effective_at, moves=moves, text=text)).pending
    sent = {line.line_no: line for line in chain.lines(work, "delivery-notes", note.id)}
    _count_differences(work, note, lines, sent)
    chain.link(work, [note.id], check.id)
    made = _make_delivery_order(work, check, note, lines, sent)
    chain.advance(work, "delivery-notes", note.id, "verified" if made else "closed")
    if made:
        check.delivery_order_id = made["id"]
        chain.link(work, [check.id], made["id"])
    return {"pending": pending}


def post_delivery_order(work: Work, order: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Hand the goods over: Dr HPP / Cr goods in transit; the sold goods are a queue of their own, for returns."""
    note = chain.record(work, "delivery-notes", order.delivery_note_id, lock=True)
    transit, customers = place_repo.of_kind(work, "in_transit"), place_repo.of_kind(work, "customer")
    moves = [
        Move(
            line_no=line.line_no, item_id=line.item_id, from_place_id=transit, from_lot=note.id, to_place_id=customers, to_lot=order.id,
            quantity=to_units(line.quantity),
        )
        for line in chain.lines(work, "delivery-orders", order.id)
    ]
    posted = posting.post(work, Posting(document_id=order.id, effective_at=order.effective_at, moves=moves, text=f"Delivery order {order.number}"))
    chain.advance(work, "delivery-notes", note.id, "closed")
    return {"pending": posted.pending}


def _after_departure(work: Work, check: Any, note: Any) -> None:
    """Let a verification that only names the day of the departure happen right after it; an earlier day is a mistake."""
    if check.effective_at >= note.effective_at:
        return
    zone = ZoneInfo(work.actor.tz)
    if check.effective_at.astimezone(zone).date() < note.effective_at.astimezone(zone).date():
        raise Invalid("ERP-3124", f"{note.number} left later than {check.number} says it was verified.", errors={"effective_at": "is before the delivery note"})
    check.effective_at = note.effective_at


def _check_note(work: Work, note: Any, check: Any) -> None:
    if note.state != "posted":
        raise Refused(
            "ERP-3120", f"{note.number} is {note.state}; only goods that went out and are not verified yet can be verified.",
            data={"document": note.number, "state": note.state},
        )
    other = repo.verification_of(work, note.id, check.id)
    if other is not None:
        raise Refused("ERP-3120", f"{note.number} is already being verified by {other}.", data={"document": other})


def _reject_moves(work: Work, check: Any, note: Any, lines: list[Any]) -> list[Move]:
    """Return the movements of damaged and short goods out of the note's transit, and of extra ones into it."""
    transit = place_repo.of_kind(work, "in_transit")
    moves: list[Move] = []
    for line in lines:
        if line.damaged:
            check.rejects_to_id = check.rejects_to_id or place_repo.of_kind(work, "quarantine")
            moves.append(_out_of_transit(len(moves) + 1, line, note, transit, check.rejects_to_id, line.damaged))
        if line.short:
            moves.append(_out_of_transit(len(moves) + 1, line, note, transit, place_repo.of_kind(work, "adjustment"), line.short))
        if line.extra:
            moves.append(Move(
                line_no=len(moves) + 1, item_id=line.item_id, from_place_id=note.warehouse_id, to_place_id=transit, to_lot=note.id,
                quantity=to_units(line.extra),
            ))
    return moves


def _out_of_transit(number: int, line: Any, note: Any, transit: int, place: int, quantity: Any) -> Move:
    return Move(
        line_no=number, item_id=line.item_id, from_place_id=transit, from_lot=note.id, to_place_id=place, quantity=to_units(quantity),
    )


def _count_differences(work: Work, note: Any, lines: list[Any], sent: dict[int, Any]) -> None:
    """Damaged and short goods are owed again; extra ones count as delivered, as far as the order has room for them."""
    changes = {line.line_no: (sent[line.line_no].order_line, line.extra - line.damaged - line.short) for line in lines}
    ordered = {line.line_no: line for line in chain.lines(work, "sales-orders", note.sales_order_id)}
    for number, (order_line, change) in changes.items():
        if order_line is not None and ordered[order_line].delivered + change > ordered[order_line].quantity:
            room = quantity_text(ordered[order_line].quantity - ordered[order_line].delivered)
            raise Refused(
                "ERP-3123", f"Line {number}: the order has room for {room} extra only. Amend the order first.",
                errors={f"lines.{number}.extra": f"at most {room}"},
            )
    if any(change for _, change in changes.values()):
        count_delivered(work, note.sales_order_id, changes)


def _make_delivery_order(work: Work, check: Any, note: Any, lines: list[Any], sent: dict[int, Any]) -> dict[str, Any] | None:
    """Make the delivery order of what was accepted, at the order's prices; none when nothing was."""
    prices = {line.line_no: line.unit_price for line in chain.lines(work, "sales-orders", note.sales_order_id)}
    rows, net = [], 0
    for line in lines:
        taken, order_line = line.accepted + line.extra, sent[line.line_no].order_line
        if taken > 0:
            net += amount(taken, prices[order_line])
            rows.append({"item": line.item_id, "quantity": taken, "unit_price": prices[order_line], "order_line": order_line})
    if not rows:
        return None
    return chain.make(work, "delivery-orders", {
        "effective_at": check.effective_at, "delivery_note": note.id, "sales_order": note.sales_order_id, "customer": note.customer_id,
        "warehouse": note.warehouse_id, "net": net, "lines": rows,
    })
