"""Some weeks of business, told day by day: buying, selling, moving and counting, with a few loose ends left open today."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from erp_app.demo.desk import Desk

Play = Callable[[Desk, datetime], None]
JAKARTA = ZoneInfo("Asia/Jakarta")
WEEKS = 6
SUNDAY = 6
# item: (supplier, purchase price, sales price, usual quantity of an order)
GOODS: dict[str, tuple[str, int, int, int]] = {
    "BRK-PAD": ("PT Komponen", 92_000, 145_000, 20), "OIL-FLT": ("PT Komponen", 24_500, 42_000, 40), "AIR-FLT": ("PT Komponen", 41_000, 68_000, 24),
    "SPK-PLG": ("PT Komponen", 52_500, 87_500, 50), "V-BELT": ("PT Komponen", 78_000, 125_000, 15), "WIPER-24": ("PT Komponen", 31_000, 55_000, 18),
    "OIL-10W40": ("CV Pelumas", 51_000, 76_000, 60), "SHOCK-R": ("PT Komponen", 265_000, 410_000, 8),
}
CUSTOMERS = ("Toko Sumber Rejeki", "Bengkel Maju", "PT Armada", "CV Otomotif", "Toko Roda")
VEHICLES = (("B 9123 KXA", "Udin"), ("B 9456 TYU", "Joko"), ("B 9789 PLM", "Rahmat"))


def play(desk: Desk, now: datetime) -> None:
    """Play the weeks before now in the order in which things happened: late documents would wait for the costing worker."""
    story = _Story(desk, now.astimezone(JAKARTA))
    story.first_week()
    day = story.start + timedelta(days=10)
    while day < story.now.date():
        if day.weekday() != SUNDAY:
            story.business_day(day)
        day += timedelta(days=1)
    story.today()
    story.office()
    story.loose_ends()


def play_small(desk: Desk, now: datetime) -> None:
    """Give the second company one receipt, so that there is something nobody else may see."""
    lines = [{"item": "BAUT", "quantity": 1000, "unit_price": 900}]
    desk.post("admin2", "goods-receipts", now - timedelta(days=3), supplier="Pemasok", warehouse="WH", lines=lines)


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), JAKARTA)


class _Story:
    """What has happened so far; the dice fall the same way every time."""

    def __init__(self, desk: Desk, now: datetime) -> None:
        self.desk, self.now = desk, now
        self.start = now.date() - timedelta(weeks=WEEKS)
        self.dice = random.Random(7)  # noqa: S311 - a story, not a secret
        self.stock = dict.fromkeys(GOODS, 0)
        self.owed: list[tuple[date, str, dict[str, Any]]] = []  # due day, customer, invoice
        self.days = 0

    def first_week(self) -> None:
        """Play step S01 of the textbook month: capital, four receipts of tube and boxes, their bills. Then the first goods to sell."""
        lines = [{"account": "1-1110", "debit": 200_000_000}, {"account": "3-1000", "credit": 200_000_000}]
        self.desk.post("fitri", "journal-entries", _at(self.start, 8), note="Setoran modal", lines=lines)
        for days, supplier, item, quantity, price in (
            (1, "PT Baja", "TUBE", 100, 50_000), (2, "UD Kemasan", "BOX", 500, 1_250), (4, "PT Baja", "TUBE", 150, 52_000), (8, "PT Baja", "TUBE", 80, 55_500),
        ):
            self._buy(self.start + timedelta(days=days), supplier, [(item, quantity, price)], bill_on=self.start + timedelta(days=8))
        for supplier in ("PT Komponen", "CV Pelumas"):
            rows = [(item, facts[3] * 8, facts[1]) for item, facts in GOODS.items() if facts[0] == supplier]
            self._buy(self.start + timedelta(days=9), supplier, rows, bill_on=self.start + timedelta(days=9))

    def business_day(self, day: date) -> None:
        """Sell, collect, and now and then buy, move or count."""
        self.days += 1
        if self.days % 4 == 0:
            self._restock(day)
        for hour in (9, 11) if self.days % 3 else (9,):
            self._sell(_at(day, hour))
        self._collect(day)
        if self.days % 9 == 0:
            self._move(day)
        if self.days % 13 == 0:
            self._pay(day)

    def today(self) -> None:
        """Sell twice in the last hours."""
        for minutes in (170, 110):
            self._sell(self._ago(minutes))

    def office(self) -> None:
        """Let a member of staff ask for things and report what is wrong: what somebody with few rights sees is his own."""
        desk = self.desk
        desk.change("admin", "users", "staff", department="UMUM")
        for days, item, quantity, price, step in ((6, "BOX", 300, 1_300, "approve"), (3, "WIPER-24", 40, 31_000, "submit"), (1, "TUBE", 50, 56_000, "")):
            made = desk.create("staff", "purchase-requests", self._ago(days * 1440), warehouse="WH", department="UMUM",
                               lines=[{"item": item, "quantity": quantity, "unit_price": price}])
            if step:
                desk.act("manager" if step == "approve" else "staff", "purchase-requests", made, step)
        for days, title, priority in ((4, "Rak 3 goyang", "normal"), (1, "Printer surat jalan macet", "high")):
            issue = desk.create("staff", "issues", self._ago(days * 1440), title=title, priority=priority, department="GUDANG")
            if days > 1:
                desk.act("manager", "issues", issue, "route", department="GUDANG", assignee="gudang")

    def loose_ends(self) -> None:
        """Leave what people look for in a demo: drafts, goods on the way, a backorder, an order over the limit, an order to receive."""
        desk, ago = self.desk, self._ago
        waiting = self._order(ago(45), "PT Armada", [("SHOCK-R", self.stock["SHOCK-R"] + 10)])
        desk.post("gudang", "delivery-notes", ago(40), sales_order=waiting["id"], vehicle="B 9123 KXA", driver="Udin",
                  lines=[{"item": "SHOCK-R", "quantity": self.stock["SHOCK-R"]}])
        checked = self._order(ago(38), "CV Otomotif", [("AIR-FLT", 6)])
        note = desk.post("gudang", "delivery-notes", ago(35), sales_order=checked["id"], vehicle="B 9456 TYU", driver="Joko")
        desk.create("sari", "delivery-verifications", ago(30), delivery_note=note["id"], rejects_to="QUAR", lines=[{"item": "AIR-FLT", "damaged": 1}])
        self._order(ago(25), "Bengkel Baru", [("V-BELT", 150)])
        desk.create("sari", "sales-orders", ago(20), customer="Toko Roda", warehouse="WH",
                    lines=[{"item": "OIL-10W40", "quantity": 24, "unit_price": 76_000}, {"item": "SERVICE", "quantity": 1, "unit_price": 50_000}])
        tubes = [{"item": "TUBE", "quantity": 200, "unit_price": 56_000}]
        ordered = desk.create("bagus", "purchase-orders", ago(15), supplier="PT Baja", warehouse="WH", lines=tubes,
                              expected_on=(self.now.date() + timedelta(days=3)).isoformat())
        desk.act("manager", "purchase-orders", ordered, "send")
        desk.create("gudang", "stock-counts", ago(10), place="WH", lines=[{"item": "BOX", "counted": 498}, {"item": "TUBE", "counted": 330}])

    def _ago(self, minutes: int) -> datetime:
        return self.now - timedelta(minutes=minutes)

    def _buy(self, day: date, supplier: str, rows: list[tuple[str, int, int]], bill_on: date | None = None) -> None:
        """Order, receive (in two deliveries when there is much of it), and bill."""
        desk = self.desk
        lines = [{"item": item, "quantity": quantity, "unit_price": price} for item, quantity, price in rows]
        order = desk.create("bagus", "purchase-orders", _at(day, 7), supplier=supplier, warehouse="WH", lines=lines)
        desk.act("manager", "purchase-orders", order, "send")
        receipt = desk.post("gudang", "goods-receipts", _at(day, 7, 30), purchase_order=order["id"], supplier_note=f"SJ-{self.dice.randrange(1000, 9999)}")
        desk.post("fitri", "supplier-bills", _at(bill_on or day, 16), supplier=supplier, receipts=[receipt["id"]],
                  supplier_number=f"F/{day:%y%m}/{self.dice.randrange(100, 999)}{len(self.owed)}{self.days}")
        for item, quantity, _ in rows:
            if item in self.stock:
                self.stock[item] += quantity

    def _order(self, at: datetime, customer: str, rows: list[tuple[str, int]]) -> dict[str, Any]:
        lines = [{"item": item, "quantity": quantity, "unit_price": GOODS[item][2]} for item, quantity in rows]
        order = self.desk.create("sari", "sales-orders", at, customer=customer, warehouse="WH", lines=lines,
                                 reference=f"PO/{self.dice.randrange(1000, 9999)}", promised_on=(at.date() + timedelta(days=2)).isoformat())
        return self.desk.act("sari", "sales-orders", order, "confirm")

    def _sell(self, at: datetime) -> None:
        """From order to invoice; now and then something arrives damaged."""
        desk, dice = self.desk, self.dice
        customer = dice.choice(CUSTOMERS)
        chosen = dice.sample(sorted(GOODS), k=dice.choice((1, 2, 2, 3)))
        rows = [(item, min(GOODS[item][3] // 2 + dice.randrange(GOODS[item][3]), self.stock[item])) for item in chosen]
        rows = [(item, quantity) for item, quantity in rows if quantity > 0]
        if not rows:
            return
        order = self._order(at, customer, rows)
        if order["state"] == "credit_hold":
            desk.act("manager", "sales-orders", order, "release", reason="Pembayaran dijanjikan minggu ini")
        vehicle, driver = dice.choice(VEHICLES)
        note = desk.post("gudang", "delivery-notes", at + timedelta(minutes=20), sales_order=order["id"], vehicle=vehicle, driver=driver, packages=len(rows))
        damaged = 1 if dice.random() < 0.15 and rows[0][1] > 1 else 0  # noqa: PLR2004 - about every seventh delivery
        found = [{"item": rows[0][0], "damaged": damaged}] if damaged else []
        check = desk.post("manager", "delivery-verifications", at + timedelta(minutes=40), delivery_note=note["id"], rejects_to="QUAR", lines=found)
        delivery = desk.act("sari", "delivery-orders", check["refs"]["delivery_order"], "post")
        invoice = desk.post("fitri", "sales-invoices", at + timedelta(minutes=50), delivery_orders=[delivery["id"]])
        self.owed.append((at.date() + timedelta(days=dice.randrange(5, 20)), customer, invoice))
        for item, quantity in rows:
            self.stock[item] -= quantity

    def _collect(self, day: date) -> None:
        """Book what customers pay on a day; some pay only half."""
        due = [one for one in self.owed if one[0] <= day]
        self.owed = [one for one in self.owed if one[0] > day]
        for _, customer, invoice in due:
            total = int(invoice["total"])
            amount = total // 2 if self.dice.random() < 0.2 else total  # noqa: PLR2004 - every fifth
            self.desk.post("fitri", "customer-receipts", _at(day, 14), customer=customer, amount=amount, charge=6_500 if amount > 1_000_000 else 0,  # noqa: PLR2004
                           allocate=[{"invoice": invoice["id"], "amount": amount}])

    def _restock(self, day: date) -> None:
        """Order what is running out; prices move a little."""
        for supplier in ("PT Komponen", "CV Pelumas"):
            short = [item for item, facts in GOODS.items() if facts[0] == supplier and self.stock[item] < facts[3] * 4]
            if short:
                self._buy(day, supplier, [(item, GOODS[item][3] * 7, GOODS[item][1] * self.dice.randrange(97, 106) // 100) for item in short])

    def _move(self, day: date) -> None:
        """Bring some goods to Bandung."""
        item = max(self.stock, key=lambda one: self.stock[one])
        made = self.desk.create("gudang", "stock-transfers", _at(day, 17), **{"from": "WH", "to": "WH-BDG"}, lines=[{"item": item, "quantity": 10}])
        self.desk.act("gudang", "stock-transfers", made, "receive")
        self.stock[item] -= 10

    def _pay(self, day: date) -> None:
        """Pay suppliers what is due first."""
        for supplier, amount in (("PT Komponen", 25_000_000), ("PT Baja", 5_000_000)):
            made = self.desk.create("fitri", "supplier-payments", _at(day, 15), supplier=supplier, amount=amount, allocate="oldest")
            self.desk.act("fitri", "supplier-payments", made, "post")
