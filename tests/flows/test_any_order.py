"""Whatever people do in whatever order, refused or not: quantities, states, exposure, reservations and the books agree afterwards."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import ErpError
from erp_app.kernel.money import amount
from erp_app.kernel.uow import unit_of_work
from erp_app.reports import catalogue
from workers.costing import replay

STEPS = 80
ITEMS = ("FG", "BOX")


class Trade:
    """Random trade of one firm; a refusal is as good a step as a success."""

    def __init__(self, firm, seed: int) -> None:
        self.firm, self.dice = firm, random.Random(seed)
        self.made: dict[str, list[str]] = {}
        self.refused = 0
        self.items = [firm.create("items", code=code, name=code, kind=kind)["id"] for code, kind in zip(ITEMS, ("finished", "packaging"), strict=True)]
        firm.create("suppliers", code="S", name="S")
        for code in ("C1", "C2"):
            firm.create("customers", code=code, name=code, credit_limit=900_000)

    def play(self) -> None:
        often = (self.order, self.send, self.verify, self.hand_over, self.bill)
        seldom = (self.receive, self.collect, self.undo, self.amend, self.move, self.close)
        steps = [*often * 4, *seldom]
        self.receive()
        for _ in range(STEPS):
            try:
                self.dice.choice(steps)()
            except ErpError:
                self.refused += 1
        for item in self.items:
            replay(system_actor(self.firm.tenant), str(item))

    def add(self, plural: str, record) -> None:
        self.made.setdefault(plural, []).append(record["id"])

    def one(self, plural: str):
        """An earlier document, or a refusal when there is none."""
        found = self.made.get(plural)
        if not found:
            raise ErpError("ERP-0", "nothing there yet")
        return self.dice.choice(found[-4:])

    def lines(self, most: int = 20):
        chosen = [item for item in ITEMS if self.dice.random() < 0.7] or [ITEMS[0]]
        return [{"item": item, "quantity": self.dice.randint(1, most), "unit_price": self.dice.randint(100, 9999)} for item in chosen]

    def receive(self):
        self.add("goods-receipts", self.firm.post("goods-receipts", supplier="S", warehouse="WH", lines=self.lines(60)))

    def order(self):
        made = self.firm.create("sales-orders", customer=self.dice.choice(("C1", "C2")), warehouse="WH", lines=self.lines())
        self.add("sales-orders", made)
        self.firm.act("sales-orders", made["id"], "confirm")

    def send(self):
        order = self.one("sales-orders")
        lines = [{"item": self.dice.choice(ITEMS), "quantity": self.dice.randint(1, 15)}] if self.dice.random() < 0.5 else []
        self.add("delivery-notes", self.firm.post("delivery-notes", sales_order=order, lines=lines))

    def verify(self):
        note = self.firm.get("delivery-notes", self.one("delivery-notes"))
        first = note["lines"][0]
        found = {name: int(self.dice.random() < 0.15) for name in ("damaged", "short", "extra")}
        made = self.firm.create("delivery-verifications", delivery_note=note["id"], rejects_to="QUAR", lines=[{"item": first["item"], **found}])
        self.add("delivery-verifications", made)
        done = self.firm.act("delivery-verifications", made["id"], "post")
        if done["delivery_order"]:
            self.add("delivery-orders", {"id": done["refs"]["delivery_order"]["id"]})

    def hand_over(self):
        self.firm.act("delivery-orders", self.one("delivery-orders"), "post")

    def bill(self):
        orders = list({self.one("delivery-orders") for _ in range(self.dice.randint(1, 2))})
        made = self.firm.create("sales-invoices", delivery_orders=orders)
        self.add("sales-invoices", made)
        self.firm.act("sales-invoices", made["id"], "post")

    def collect(self):
        customer = self.dice.choice(("C1", "C2"))
        self.add("customer-receipts", self.firm.post("customer-receipts", customer=customer, amount=self.dice.randint(1, 200_000), allocate="oldest"))

    def undo(self):
        plural = self.dice.choice(("goods-receipts", "delivery-notes", "sales-invoices", "customer-receipts"))
        self.firm.act(plural, self.one(plural), "reverse", reason="a mistake")

    def amend(self):
        self.firm.act("sales-orders", self.one("sales-orders"), "amend", lines=self.lines())

    def move(self):
        lines = [{"item": self.dice.choice(ITEMS), "quantity": self.dice.randint(1, 9)}]
        made = self.firm.create("stock-transfers", **{"from": "WH", "to": "WH2"}, lines=lines)
        self.firm.act("stock-transfers", made["id"], "receive")

    def close(self):
        self.firm.act("sales-orders", self.one("sales-orders"), self.dice.choice(("close", "cancel", "release")), reason="enough")


@pytest.mark.parametrize("seed", [2, 10, 15, 18, 31])
def test_any_order_of_steps_leaves_everything_agreeing(firm, seed):
    trade = Trade(firm, seed)
    trade.play()
    assert trade.made.get("sales-invoices"), f"seed {seed} sold nothing"
    proof = catalogue.ask(firm.actor(), "integrity", {})[1]
    assert proof["ok"], [check for check in proof["checks"] if check["violations"]]
    with unit_of_work(system_actor(firm.tenant)) as work:
        check_quantities(work)
        check_exposure(work)
        check_reservations(work)
    balances = firm.balances()
    for report, account, sign in (("aged-receivables", "1-1200", 1), ("aged-payables", "2-1100", -1)):
        assert int(catalogue.ask(firm.actor(), report, {})[1]["total"]["total"]) == sign * balances.get(account, 0)


def check_quantities(work) -> None:
    """Delivered = out of the gate less what came back; billed = what posted invoices charge."""
    wrong = work.rows(
        "SELECT o.number, l.line_no, l.delivered, l.billed, d.quantity AS sent, b.quantity AS charged FROM sales_order_line l"
        " JOIN sales_order o ON o.id = l.document_id"
        " LEFT JOIN LATERAL (SELECT coalesce(sum(n.quantity + coalesce(v.extra - v.damaged - v.short, 0)), 0) AS quantity FROM delivery_note_line n"
        "   JOIN delivery_note h ON h.id = n.document_id AND h.state IN ('posted', 'verified', 'closed')"
        "   LEFT JOIN delivery_verification c ON c.delivery_note_id = h.id AND c.state = 'posted'"
        "   LEFT JOIN delivery_verification_line v ON v.document_id = c.id AND v.line_no = n.line_no"
        "   WHERE h.sales_order_id = o.id AND n.order_line = l.line_no) d ON true"
        " LEFT JOIN LATERAL (SELECT coalesce(sum(i.quantity), 0) AS quantity FROM sales_invoice_line i"
        "   JOIN sales_invoice s ON s.id = i.document_id AND s.state IN ('posted', 'part_paid', 'paid')"
        "   JOIN delivery_order r ON r.id = i.source_id AND r.sales_order_id = o.id"
        "   JOIN delivery_order_line x ON x.document_id = r.id AND x.line_no = i.source_line AND x.order_line = l.line_no) b ON true"
        " WHERE l.delivered <> d.quantity OR l.billed <> b.quantity",
    )
    assert wrong == []


def check_exposure(work) -> None:
    """Each rupiah stands in the exposure once: open orders, deliveries not invoiced, unpaid invoices, less unallocated receipts."""
    expected: dict[int, int] = {}
    lines = work.rows(
        "SELECT o.customer_id, o.id, o.state, l.quantity, l.delivered, l.billed, l.unit_price FROM sales_order o"
        " JOIN sales_order_line l ON l.document_id = o.id"
        " WHERE o.state NOT IN ('draft', 'credit_hold', 'cancelled', 'deleted')",
    )
    for order in {row["id"] for row in lines}:
        own = [row for row in lines if row["id"] == order]
        waiting = 0 if own[0]["state"] == "closed" else sum(amount(row["quantity"] - row["delivered"], row["unit_price"]) for row in own)
        delivered = sum(amount(row["delivered"] - row["billed"], row["unit_price"]) for row in own)
        gross = sum(net + amount(Decimal(net), Decimal("0.11")) for net in (waiting, delivered))
        expected[own[0]["customer_id"]] = expected.get(own[0]["customer_id"], 0) + gross
    for row in work.rows(
        "SELECT customer_id, total - paid AS amount FROM sales_invoice WHERE state IN ('posted', 'part_paid', 'paid')"
        " UNION ALL SELECT customer_id, allocated - amount FROM customer_receipt WHERE state = 'posted'",
    ):
        expected[row["customer_id"]] = expected.get(row["customer_id"], 0) + row["amount"]
    found = work.rows("SELECT customer_id, sum(amount)::bigint AS amount FROM credit_exposure GROUP BY customer_id")
    assert {row["customer_id"]: row["amount"] for row in found if row["amount"]} == {key: value for key, value in expected.items() if value}


def check_reservations(work) -> None:
    """What is reserved is what confirmed orders still have to deliver."""
    wrong = work.rows(
        "SELECT o.number, l.line_no, v.quantity FROM sales_order o JOIN sales_order_line l ON l.document_id = o.id"
        " LEFT JOIN reservation v ON v.document_id = o.id AND v.line_no = l.line_no"
        " WHERE coalesce(v.quantity, 0) <> CASE WHEN o.state IN ('confirmed', 'partly_delivered', 'delivered', 'billed')"
        " THEN (l.quantity - l.delivered) * 10000 ELSE 0 END",
    )
    assert wrong == []
