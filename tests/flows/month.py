"""The textbook month as a company lives it: every document that has a screen through the REST API, the workshops' part through the posting service."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from erp_app.kernel.actor import system_actor
from erp_app.kernel.money import QUANTITY_SCALE
from erp_app.kernel.uow import Work, unit_of_work
from erp_app.posting import service as posting
from erp_app.posting.models import JournalLine, Move, Posting, Transform
from workers.costing import replay

MONTH: dict[str, Any] = json.loads((Path(__file__).parents[1] / "scenarios" / "month.json").read_text(encoding="utf-8"))
STEPS = MONTH["steps"]
CUSTOMER = "Toko Sumber Rejeki"
GOODS = (("TUBE", "raw"), ("BOX", "packaging"), ("SF", "semi_finished"), ("FG", "finished"))
PLACES = (
    ("WH", "warehouse"), ("QUAR", "quarantine"), ("VENDOR", "vendor"), ("TRANSIT", "in_transit"), ("SUPPLIER", "supplier"), ("CUSTOMER", "customer"),
    ("ADJUST", "adjustment"), ("PRODUCTION", "production"), ("SCRAP", "adjustment"),
)
JANUARY = (
    "SELECT md5(string_agg(x.line, E'\\n' ORDER BY x.line)) FROM ("
    " SELECT to_jsonb(e)::text AS line FROM journal_entry e WHERE e.date < '2026-02-01'"
    " UNION ALL SELECT to_jsonb(l)::text FROM journal_line l WHERE l.date < '2026-02-01'"
    " UNION ALL SELECT to_jsonb(c)::text FROM cost_piece c WHERE c.date < '2026-02-01'"
    " UNION ALL SELECT to_jsonb(m)::text FROM stock_move m WHERE m.effective_at < '2026-01-31T17:00:00Z') x"
)
PAPER = "papers"  # what a hand-in or a finishing report will be once those documents have screens


def vat(net: int) -> int:
    """11 % in whole rupiah."""
    return (2 * net * 11 * 12 + 1200) // 2400


class Month:
    """Plays steps; `posted` holds the resource and record of each document by its name in the month."""

    def __init__(self, api: Any, tenant: int, approver: Any) -> None:
        self.api, self.tenant, self.approver = api, tenant, approver  # nobody approves what they counted themselves
        self.posted: dict[str, tuple[str, dict[str, Any]]] = {}
        self.order: dict[str, Any] = {}

    def prepare(self) -> None:
        """Enter the master data, as far as the company has not got it."""
        for code, kind in GOODS:
            self._need("items", code, kind=kind, unit="pcs")
        for code, kind in PLACES:
            self._need("places", code, kind=kind)
        for code in ("PT Baja", "UD Kemasan", "CV Bubut Jaya", "Ekspedisi Lancar"):
            self._need("suppliers", code)
        self._need("customers", CUSTOMER)

    def _need(self, resource: str, code: str, **data: Any) -> None:
        kind = data.get("kind")
        only = kind in ("in_transit", "supplier", "customer", "production") and self.api.get(f"{resource}?filter[kind]={kind}")["total"]
        if not only and self.api.call("GET", f"{resource}/{code}").status_code == 404:
            self.api.post(resource, code=code, name=code, **data)

    def play(self, *steps: str) -> None:
        """Enter all documents of the steps, in their order."""
        for step in steps:
            for one in STEPS[step].get("documents", ()):
                self.enter(one)

    def enter(self, one: dict[str, Any]) -> None:
        """Enter and post one document of the month."""
        self.posted[one["id"]] = getattr(self, "_" + one["kind"].replace(" ", "_").replace("-", "_"))(one)

    def id_of(self, name: str) -> int:
        """The record of a document."""
        return int(self.posted[name][1]["id"])

    # -- documents, by the API ------------------------------------------------------------------------------------------------

    def _post(self, resource: str, one: dict[str, Any], **data: Any) -> tuple[str, dict[str, Any]]:
        return resource, self.api.posted(resource, effective_at=one["date"], reference=one["id"], **data)

    def _journal_entry(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        lines = [{"account": MONTH["accounts"][name], "debit" if amount > 0 else "credit": abs(amount)} for name, amount in one["lines"].items()]
        return self._post("journal-entries", one, lines=lines)

    def _goods_receipt(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        supplier = "UD Kemasan" if one["item"] == "BOX" else "PT Baja"
        lines = [{"item": one["item"], "quantity": one["qty"], "unit_price": one["price"]}]
        return self._post("goods-receipts", one, supplier=supplier, warehouse="WH", lines=lines)

    def _supplier_bill(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        source = self.posted[one["of"]]
        if source[0] == PAPER:
            return self._bill_of_a_workshop(one)
        of = {"goods-receipts": "receipts", "landed-costs": "landed_costs"}[source[0]]
        tax = "ppn" if one.get("ppn", True) else "none"
        return self._post("supplier-bills", one, supplier=one["vendor"], supplier_number=one["id"], tax=tax, **{of: [source[1]["id"]]})

    def _outsource_send(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        made = self.api.post("stock-transfers", effective_at=one["date"], reference=one["id"], **{"from": "WH", "to": "VENDOR"},
                             lines=[{"item": one["item"], "quantity": one["qty"]}])
        return "stock-transfers", self.api.act("stock-transfers", made["id"], "receive")

    def _delivery_note(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        wanted = {"SJ-1": 120, "SJ-3": 5}.get(one["id"])  # SJ-2 delivers the rest of the first order
        if wanted:
            lines = [{"item": "FG", "quantity": wanted, "unit_price": 110_000}]
            self.order = self.api.post("sales-orders", customer=CUSTOMER, warehouse="WH", effective_at=one["date"], tax="ppn", lines=lines)
            self.api.act("sales-orders", self.order["id"], "confirm")
        return self._post("delivery-notes", one, sales_order=self.order["id"], lines=[{"item": "FG", "quantity": one["qty"]}])

    def _delivery_verification(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        note = self.posted[one["sj"]][1]
        sent = next(row["qty"] for step in STEPS.values() for row in step.get("documents", ()) if row["id"] == one["sj"])
        lines = [{"item": "FG", "accepted": sent - one["rej"], "damaged": one["rej"]}]
        return self._post("delivery-verifications", one, delivery_note=note["id"], rejects_to="QUAR", lines=lines)

    def _delivery_order(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        check = next(record for name, (resource, record) in self.posted.items() if resource == "delivery-verifications" and name[3:] == one["id"][3:])
        return "delivery-orders", self.api.act("delivery-orders", check["delivery_order"], "post")

    def _sales_invoice(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return self._post("sales-invoices", one, delivery_orders=[self.id_of(one["of"])])

    def _landed_cost(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        shares = one["shares"]
        if len(shares) > 1:
            how = {"method": "quantity", "receipts": [self.id_of(name) for name in shares]}
        else:
            how = {"method": "manual", "shares": [{"receipt": self.id_of(name), "amount": amount} for name, amount in shares.items()]}
        return self._post("landed-costs", one, supplier="Ekspedisi Lancar", amount=sum(shares.values()), **how)

    def _customer_receipt(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return self._post("customer-receipts", one, customer=one["cust"], amount=one["amt"], charge=one["fee"], allocate="oldest")

    def _supplier_payment(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return self._post("supplier-payments", one, supplier=one["vendor"], amount=one["amt"], allocate="oldest")

    def _stock_count(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        there = next(int(row["quantity"]) for row in self.api.get("reports/stock-layers?item=FG&place=WH")["rows"])
        made = self.api.post("stock-counts", effective_at=one["date"], place="WH", lines=[{"item": "FG", "counted": there - one["minus"]}])
        self.approver.act("stock-counts", made["id"], "approve")
        return "stock-counts", self.api.act("stock-counts", made["id"], "post")

    # -- the workshops' part, by the ledger ----------------------------------------------------------------------------------

    def _hand_in(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        moves = [("TUBE", "VENDOR", "PRODUCTION", one["use"]), ("SF", "PRODUCTION", "WH", one["good"])]
        return self._transform(one, moves, "outsource_fee", one["good"] * one["fee"])

    def _finishing_order(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        moves = [("SF", "WH", "PRODUCTION", one["use"]), ("BOX", "WH", "PRODUCTION", one["good"]), ("FG", "PRODUCTION", "WH", one["good"])]
        return self._transform(one, moves, "overhead", one["good"] * one["oh"])

    def _transform(self, one: dict[str, Any], rows: list[tuple[str, str, str, int]], account: str, added: int) -> tuple[str, dict[str, Any]]:
        moves = [(*row, {"transform": True, "weight": row[3] * QUANTITY_SCALE if row[1] == "PRODUCTION" else 0}) for row in rows]
        return self._paper(one, moves, [(account, -added, "")], Transform(added))

    def _bill_of_a_workshop(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        net, tax = one["net"], one["net"] * 2 // 100
        lines = [("outsource_fee", net, ""), ("vat_in", vat(net), ""), ("withholding", -tax, ""), ("ap", -(net + vat(net) - tax), one["vendor"])]
        return self._paper(one, [], lines)

    def _sales_return(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        net = one["qty"] * one["price"]
        moves = [("FG", "CUSTOMER", "WH", one["qty"], {"from_lot": self.id_of(one["do"]), "keep_origin": False})]
        return self._paper(one, moves, [("sales_returns", net, ""), ("vat_out", vat(net), ""), ("ar", -net - vat(net), one["cust"])])

    def _purchase_return(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        net = one["qty"] * one["price"]
        with self._work() as work:
            source = work.value("SELECT id FROM stock_move WHERE document_id = %s", (self.id_of(one["of"]),))
        moves = [(one["item"], "WH", "SUPPLIER", one["qty"], {"source_move_id": source, "to_account": "variance"})]
        return self._paper(one, moves, [("ap", net + vat(net), one["vendor"]), ("vat_in", -vat(net), ""), ("variance", -net, "")])

    def _quarantine_disposition(self, one: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        moves = [("FG", "QUAR", "WH", one["repair"], {"keep_origin": False}), ("FG", "QUAR", "SCRAP", one["scrap"], {"to_account": "scrap"})]
        return self._paper(one, moves, [])

    def _work(self) -> Any:
        return unit_of_work(system_actor(self.tenant))

    def _paper(
        self, one: dict[str, Any], moves: list[Any], lines: list[tuple[str, int, str]], transform: Transform | None = None,
    ) -> tuple[str, dict[str, Any]]:
        with self._work() as work:
            number = work.value(
                "INSERT INTO record_ref (tenant_id, id, type, number, label, state, effective_at, search)"
                " VALUES (%s, nextval('record_id_seq'), %s, %s, %s, 'posted', %s, '') RETURNING id",
                (self.tenant, PAPER, one["id"], one["kind"].capitalize(), day(one["date"])),
            )
        with self._work() as work:
            posting.post(work, Posting(
                number, day(one["date"]), transform=transform,
                moves=[self._move(work, place, *row) for place, row in enumerate(moves, 1)],
                lines=[JournalLine(account, max(amount, 0), max(-amount, 0), self._party(work, party)) for account, amount, party in lines],
            ))
        return PAPER, {"id": number, "number": one["id"]}

    def _move(self, work: Work, line: int, item: str, source: str, target: str, quantity: int, more: dict[str, Any]) -> Move:
        of_kind = dict(PLACES)
        places = [work.value("SELECT id FROM place WHERE code = %(code)s OR kind = %(kind)s ORDER BY code <> %(code)s, id LIMIT 1",
                             {"code": code, "kind": of_kind[code]}) for code in (source, target)]
        return Move(line, work.value("SELECT id FROM item WHERE code = %s", (item,)), *places, quantity * QUANTITY_SCALE, **more)

    def _party(self, work: Work, code: str) -> int | None:
        return work.value("SELECT id FROM record_ref WHERE number = %s AND type IN ('suppliers', 'customers')", (code,)) if code else None

    def settle(self) -> None:
        """Let the costing worker do what waits."""
        with self._work() as work:
            items = [row["item_id"] for row in work.rows("SELECT DISTINCT item_id FROM hpp_queue WHERE state <> 'done'")]
        for item in items:
            replay(system_actor(self.tenant), str(item))

    # -- what the books say ---------------------------------------------------------------------------------------------------

    def journal(self, name: str, kind: str = "original") -> dict[str, int]:
        """Signed amounts by account of a document's journals of one kind; by the report where the document has one."""
        resource, record = self.posted[name]
        if resource != PAPER:
            found = self.api.get(f"reports/document-journals?document={resource}/{record['id']}")["journals"]
            lines = [line for one in found if one["kind"] == kind for line in one["lines"]]
        else:
            with self._work() as work:
                lines = work.rows(
                    "SELECT a.code AS account, l.debit, l.credit FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id"
                    " JOIN account a ON a.id = l.account_id WHERE e.document_id = %s AND e.kind = %s", (record["id"], kind),
                )
        amounts: dict[str, int] = {}
        for line in lines:
            amounts[line["account"]] = amounts.get(line["account"], 0) + int(line["debit"]) - int(line["credit"])
        return {account: amount for account, amount in amounts.items() if amount}

    def stock(self) -> dict[str, Any]:
        """What lies where, by batches, as month.json writes it; by the report of stock layers."""
        names = {record["number"]: name for name, (_, record) in self.posted.items()}
        return {
            f"{row['item']}@{row['place']}": {
                "qty": int(row["quantity"]), "value": int(row["value"]),
                "layers": _joined([[names[layer["source"]], int(layer["quantity"]), int(layer["value"])] for layer in row["layers"]]),
            }
            for row in self.api.get("reports/stock-layers")["rows"]
        }

    def january(self) -> str:
        """A digest of every row that belongs to January, byte for byte."""
        with self._work() as work:
            return str(work.value(JANUARY))

    def balances(self, **asked: str) -> dict[str, int]:
        """Signed balances by account, from the trial balance."""
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        rows = self.api.get(f"reports/trial-balance?{query}")["rows"]
        return {row["account"]: int(row["debit"]) - int(row["credit"]) for row in rows}


def _joined(layers: list[list[Any]]) -> list[list[Any]]:
    """Layers of one batch that lie beside each other are one line of the book."""
    made: list[list[Any]] = []
    for name, quantity, value in layers:
        if made and made[-1][0] == name:
            made[-1] = [name, made[-1][1] + quantity, made[-1][2] + value]
        else:
            made.append([name, quantity, value])
    return made


def day(text: str) -> datetime:
    """The beginning of a day in Jakarta."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Jakarta"))
