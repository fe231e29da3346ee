"""What happens to sales orders: totals, confirmation with credit check and reservation, amendments, closing."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from erp_app.accounting import tax_repo
from erp_app.document import chain
from erp_app.kernel.errors import Refused
from erp_app.kernel.money import amount, quantity_text, to_units
from erp_app.kernel.uow import Work
from erp_app.sales import credit, repo
from erp_app.sales.rules import Progress, order_state
from erp_app.stock import reservations

OPEN = ("confirmed", "partly_delivered", "delivered", "billed")
TYPE = "sales-orders"


def total_order(work: Work, order: Any) -> None:
    """Compute the amounts of lines and order, with VAT by the rule of the order's day."""
    chain.check_lines(work, TYPE, order.id)
    lines = chain.lines(work, TYPE, order.id)
    for line in lines:
        line.amount = amount(line.quantity, line.unit_price)
    rule = tax_repo.rule_on(work, order.tax, day_of(work, order))
    order.net = sum(line.amount for line in lines)
    order.vat = rule.tax_on(order.net) if rule else 0
    order.total = order.net + order.vat


def confirm(work: Work, order: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Accept the order and reserve its goods; over the customer's credit limit it waits in credit hold instead."""
    over = credit.over_limit(work, order.customer_id, order.total)
    if over is not None:
        order.hold_reason = over.text
        return {"state": "credit_hold", "over_limit_by": str(over.by)}
    order.hold_reason = None
    reserve(work, order)
    return {}


def release(work: Work, order: Any, _data: dict[str, Any]) -> None:
    """Accept a held order although it is over the limit; who did it and why is in the audit trail."""
    order.hold_reason, order.credit_released = None, True
    reserve(work, order)


def amend(work: Work, order: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Change quantities, prices, items or promises of a confirmed order in place.

    A line given changes the order's line of the same item, or is added; quantity 0 takes a line out. Lines not given stay.

    Raises:
        Refused: ERP-3101 for less than what is delivered already.
    """
    for name in ("promised_on", "delivery_address"):
        if data.get(name) is not None:
            setattr(order, name, data[name])
    before = order.total
    _amend_lines(work, order, data.get("lines") or [])
    total_order(work, order)
    if order.state == "credit_hold":
        return {}
    over = credit.over_limit(work, order.customer_id, max(order.total - before, 0))
    if over is not None:
        raise Refused("ERP-3102", f"The amendment is refused: {over.text}", data={"over_by": over.by})
    reserve(work, order)
    return {"state": state_of(work, order)}


def close(work: Work, order: Any, data: dict[str, Any]) -> None:
    """Close the order; what was not delivered is given up, with a reason.

    Raises:
        Refused: ERP-3103 when something is open and no reason is given.
    """
    rest = [line for line in chain.lines(work, TYPE, order.id) if line.delivered < line.quantity]
    if rest and not str(data.get("reason") or "").strip():
        codes = repo.item_codes(work, (line.item_id for line in rest))
        owed = ", ".join(f"{quantity_text(line.quantity - line.delivered)} {codes[line.item_id]}" for line in rest[:5])
        raise Refused("ERP-3103", f"{order.number} still owes {owed}. Give a reason to close it short.", errors={"reason": "needed"})
    reservations.release(work, order.id)
    credit.track_order(work, order, closed=True)


def cancel(work: Work, order: Any, _data: dict[str, Any]) -> None:
    """Give the order up and its reserved goods back."""
    reservations.release(work, order.id)
    credit.forget(work, order.id)


def keep(work: Work, order: Any, _data: dict[str, Any]) -> None:
    """Keep what lies there for this order from everybody else."""
    order.goods = "kept"
    reserve(work, order)


def share(work: Work, order: Any, _data: dict[str, Any]) -> None:
    """Let whoever sends first have what lies there for this order, as when it was confirmed."""
    order.goods = "shared"
    reserve(work, order)


def reserve(work: Work, order: Any) -> None:
    """Reserve what the order still has to deliver."""
    wanted = [
        (line.line_no, line.item_id, to_units(line.quantity - line.delivered))
        for line in chain.lines(work, TYPE, order.id) if line.quantity > line.delivered
    ]
    reservations.reserve(work, order.id, order.warehouse_id, wanted, hard=order.goods == "kept")
    credit.track_order(work, order)


def follow(work: Work, order_id: int) -> None:
    """Bring an order to the state and reservation that its deliveries and invoices mean.

    A closed one stays closed and reserves nothing; what is delivered of it and not invoiced yet still counts for the credit limit.
    """
    order = chain.record(work, TYPE, order_id, lock=True)
    if order.state in OPEN:
        reserve(work, order)
        chain.advance(work, TYPE, order_id, state_of(work, order))
    else:
        credit.track_order(work, order, closed=True)


def state_of(work: Work, order: Any) -> str:
    """Return the state a confirmed order has by its quantities."""
    return order_state([Progress(line.quantity, line.delivered, line.billed) for line in chain.lines(work, TYPE, order.id)])


def day_of(work: Work, document: Any) -> date:
    """Return a document's date in the tenant's zone."""
    moment = document.effective_at or work.now
    day: date = moment.astimezone(ZoneInfo(work.actor.tz)).date()
    return day


def _amend_lines(work: Work, order: Any, given: list[dict[str, Any]]) -> None:
    lines = chain.lines(work, TYPE, order.id)
    kept = {id(line): _row(line) for line in lines}
    added: list[dict[str, Any]] = []
    free = list(lines)
    for one in given:
        line = next((line for line in free if line.item_id == one["item_id"]), None)
        if line is None:
            added.append({"item_id": one["item_id"], "quantity": one["quantity"], "unit_price": one["unit_price"]})
            continue
        free.remove(line)
        if one["quantity"] < line.delivered or one["quantity"] < line.billed:
            fixed = quantity_text(max(line.delivered, line.billed))
            item = repo.item_codes(work, [line.item_id])[line.item_id]
            raise Refused(
                "ERP-3101", f"{order.number} line {line.line_no}: {fixed} {item} are delivered already; the quantity cannot go below that.",
                errors={f"lines.{one['line_no']}.quantity": f"at least {fixed}"}, data={"delivered": fixed},
            )
        kept[id(line)] |= {"quantity": one["quantity"], "unit_price": one["unit_price"]}
    rows = [row for row in [*kept.values(), *added] if row["quantity"] > 0]
    _store_lines(work, order, lines, rows)


def _store_lines(work: Work, order: Any, lines: list[Any], rows: list[dict[str, Any]]) -> None:
    """Change lines in place as long as none goes, so that delivery notes keep naming the right line."""
    if len(rows) < len(lines) and any(line.delivered > 0 or line.billed > 0 for line in lines):
        raise Refused("ERP-3101", f"{order.number} is partly delivered: a line cannot be taken out; lower its quantity to what is delivered.")
    if not rows:
        raise Refused("ERP-3104", f"{order.number} would have no line left. Cancel the order instead.")
    chain.replace_lines(work, TYPE, order.id, rows)


def _row(line: Any) -> dict[str, Any]:
    return {
        "item_id": line.item_id, "quantity": line.quantity, "unit_price": line.unit_price, "amount": line.amount,
        "delivered": line.delivered, "billed": line.billed,
    }
