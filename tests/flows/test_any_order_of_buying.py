"""Buying in any order, with reversals and dearer bills: orders, receipts, bills and the books agree afterwards."""

from __future__ import annotations

import random

import pytest

from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import ErpError
from erp_app.kernel.uow import unit_of_work
from erp_app.reports import catalogue
from workers.costing import replay

STEPS = 60
ITEMS = ("TUBE", "BOX")


class Buyer:
    """Random buying of one firm; a refusal is as good a step as a success."""

    def __init__(self, firm, seed: int) -> None:
        self.firm, self.dice = firm, random.Random(seed)
        self.made: dict[str, list[int]] = {}
        self.items = [firm.create("items", code=code, name=code, kind="raw")["id"] for code in ITEMS]
        for code in ("S1", "S2"):
            firm.create("suppliers", code=code, name=code)

    def play(self) -> None:
        steps = [*(self.order, self.receive, self.receive, self.bill, self.bill) * 3, self.pay, self.undo, self.undo, self.move]
        for _ in range(STEPS):
            try:
                self.dice.choice(steps)()
            except ErpError:
                continue
        for item in self.items:
            replay(system_actor(self.firm.tenant), str(item))

    def add(self, plural: str, record) -> None:
        self.made.setdefault(plural, []).append(record["id"])

    def one(self, plural: str) -> int:
        if not self.made.get(plural):
            raise ErpError("ERP-0", "nothing there yet")
        return self.dice.choice(self.made[plural][-4:])

    def order(self):
        lines = [{"item": item, "quantity": self.dice.randint(1, 30), "unit_price": self.dice.choice(("33.3333", "100", "2500.5"))} for item in ITEMS]
        made = self.firm.create("purchase-orders", supplier=self.dice.choice(("S1", "S2")), warehouse="WH", lines=lines)
        self.firm.act("purchase-orders", made["id"], "send")
        self.add("purchase-orders", made)

    def receive(self):
        lines = [{"item": self.dice.choice(ITEMS), "quantity": self.dice.randint(1, 20)}] if self.dice.random() < 0.6 else []
        self.add("goods-receipts", self.firm.post("goods-receipts", purchase_order=self.one("purchase-orders"), lines=lines))

    def bill(self):
        receipt = self.firm.get("goods-receipts", self.one("goods-receipts"))
        lines = [{"source_line": 1, "unit_price": self.dice.randint(90, 120), "quantity": self.dice.randint(1, 9)}] if self.dice.random() < 0.4 else []
        self.add("supplier-bills", self.firm.post("supplier-bills", supplier=receipt["supplier"], receipts=[receipt["id"]], lines=lines))

    def pay(self):
        made = self.firm.create("supplier-payments", supplier=self.dice.choice(("S1", "S2")), amount=self.dice.randint(1, 20_000), allocate="oldest")
        self.firm.act("supplier-payments", made["id"], "post")
        self.add("supplier-payments", made)

    def undo(self):
        plural = self.dice.choice(("goods-receipts", "supplier-bills", "supplier-payments"))
        self.firm.act(plural, self.one(plural), "reverse", reason="a mistake")

    def move(self):
        lines = [{"item": self.dice.choice(ITEMS), "quantity": self.dice.randint(1, 9)}]
        made = self.firm.create("stock-transfers", **{"from": "WH", "to": "WH2"}, lines=lines)
        self.firm.act("stock-transfers", made["id"], "receive")


@pytest.mark.parametrize("seed", range(5))
def test_any_order_of_buying_leaves_everything_agreeing(firm, seed):
    buyer = Buyer(firm, seed)
    buyer.play()
    assert buyer.made.get("supplier-bills"), f"seed {seed} bought nothing"
    proof = catalogue.ask(firm.actor(), "integrity", {})[1]
    assert proof["ok"], [check for check in proof["checks"] if check["violations"]]
    with unit_of_work(system_actor(firm.tenant)) as work:
        assert wrong_quantities(work) == []
        owed = work.value(
            "SELECT coalesce(sum(l.amount - l.billed_value), 0)::bigint FROM goods_receipt_line l JOIN goods_receipt r ON r.id = l.document_id"
            " WHERE r.state IN ('posted', 'billed')",
        )
    balances = firm.balances()
    assert balances.get("2-1110", 0) == -owed
    assert int(catalogue.ask(firm.actor(), "aged-payables", {})[1]["total"]["total"]) == -balances.get("2-1100", 0)


def wrong_quantities(work):
    """Order lines whose received or billed quantity is not what receipts and bills say."""
    return work.rows(
        "SELECT o.number, l.line_no, l.received, l.billed, g.quantity AS came, b.quantity AS charged FROM purchase_order_line l"
        " JOIN purchase_order o ON o.id = l.document_id"
        " LEFT JOIN LATERAL (SELECT coalesce(sum(x.quantity), 0) AS quantity FROM goods_receipt_line x JOIN goods_receipt r ON r.id = x.document_id"
        "   WHERE r.purchase_order_id = o.id AND x.order_line = l.line_no AND r.state IN ('posted', 'billed')) g ON true"
        " LEFT JOIN LATERAL (SELECT coalesce(sum(y.quantity), 0) AS quantity FROM supplier_bill_line y JOIN supplier_bill s ON s.id = y.document_id"
        "   JOIN goods_receipt r ON r.id = y.source_id JOIN goods_receipt_line x ON x.document_id = r.id AND x.line_no = y.source_line"
        "   WHERE r.purchase_order_id = o.id AND x.order_line = l.line_no AND s.state IN ('posted', 'part_paid', 'paid')) b ON true"
        " WHERE l.received <> g.quantity OR l.billed <> b.quantity",
    )
