"""Which account an event goes to, as finance decides it: changed at once for every posting from then on, never for an earlier one.

Goods lie in the account their movement brought them to, and open documents are settled through the account they were posted to. So
an account that still holds something keeps its events until it is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erp_app.accounting import repo_mapping as repo
from erp_app.accounting.chart import STOCK_EVENT
from erp_app.document.declare import Access
from erp_app.iam import resources
from erp_app.kernel.access import require
from erp_app.kernel.errors import Invalid, NotFound, Refused
from erp_app.kernel.money import quantity_text

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work

RESOURCE = resources.declare(
    "account-mapping", "Account mapping", "Accounting",
    Access(view=("manager", "finance", "finance_manager"), edit=("finance_manager",), export=(), see_cost=()), ("view", "edit"),
)
# Goods that come from, or go to, nowhere of ours: their account is the role's that the documents name.
FOLLOWS = {"supplier": "grni", "customer": "cogs", "adjustment": "adjustment", "production": "wip"}
LABELS = {
    "bank": "Bank", "ar": "Receivables", "ap": "Payables", "vat_in": "VAT paid", "vat_out": "VAT charged", "grni": "Goods received, not billed",
    "outsource_fee": "Outsource fee, not billed", "landed_cost": "Landed cost, not billed", "withholding": "Tax withheld",
    "advances": "Customer advances", "capital": "Capital", "retained_earnings": "Retained earnings", "sales": "Sales",
    "sales_returns": "Sales returns", "cogs": "Cost of goods sold", "variance": "Price and return variance", "adjustment": "Stock adjustment",
    "overhead": "Overhead applied", "overhead_actual": "Overhead, actual", "scrap": "Scrap", "warranty": "Warranty", "bank_charges": "Bank charges",
    "wip": "Work in process",
}
BY_PARTY = ("ar", "ap", "advances")
SETTLED = (*BY_PARTY, "grni", "outsource_fee", "landed_cost")


def listed(work: Work) -> list[dict[str, Any]]:
    """Return `event`, `label`, `item_kind`, `place_kind`, `account`, `name`, `type` of every choice; goods first.

    Raises:
        Forbidden: ERP-1301 without the right to view the mapping.
    """
    require(work.actor, RESOURCE.name, "view")
    shown = [one for one in repo.mapping(work) if one["event"] != STOCK_EVENT or one["place_kind"] not in FOLLOWS]
    return [{**one, "label": LABELS.get(one["event"], one["event"])} for one in shown]


def change(work: Work, event: str, item_kind: str, place_kind: str, account: str) -> dict[str, Any]:
    """Let an event go to another account from now on; return the new row.

    Raises:
        Forbidden: ERP-1301. NotFound: ERP-3321 for an unknown event.
        Invalid: ERP-3321 for an account that is not there, not active, of another type, or wrongly kept by party.
        Refused: ERP-3322 while the old account holds what the event brought there.
    """
    require(work.actor, RESOURCE.name, "edit")
    repo.stop_postings(work)
    before = next((one for one in repo.mapping(work) if (one["event"], one["item_kind"], one["place_kind"]) == (event, item_kind, place_kind)), None)
    name = " ".join(one for one in (event, item_kind, place_kind) if one)
    if before is None or (event == STOCK_EVENT and place_kind in FOLLOWS):
        raise NotFound("ERP-3321", f"There is no mapping {name[:80]!r}.")
    wanted = _fitting(work, before, account)
    if wanted["id"] == before["account_id"]:
        return before
    _empty(work, before)
    repo.put(work, [(event, item_kind, place_kind)], wanted["id"])
    if event in FOLLOWS.values():
        followers = [(one["event"], one["item_kind"], one["place_kind"]) for one in repo.mapping(work)
                     if one["event"] == STOCK_EVENT and FOLLOWS.get(one["place_kind"]) == event]
        repo.put(work, followers, wanted["id"])
    after = {**before, "account": wanted["code"], "name": wanted["name"], "account_id": wanted["id"]}
    work.audit("account_mapping.changed", resource=RESOURCE.name, before={name: before["account"]}, after={name: wanted["code"]})
    work.emit("mapping.changed", {"event": event}, topics=["doc:account-mapping"])
    return after


def _fitting(work: Work, row: dict[str, Any], code: str) -> dict[str, Any]:
    """Return the account of a code, when it is of the type the event needs."""
    found = repo.account(work, code)
    if found is None:
        raise Invalid("ERP-3321", f"There is no active account {code[:40]!r}.", errors={"account": "no such account"})
    if found["type"] != row["type"]:
        text = f"{row['event']} takes an account of type {row['type']}; {found['code']} is of type {found['type']}."
        raise Invalid("ERP-3321", text, errors={"account": f"must be of type {row['type']}"})
    by_party = row["event"] in BY_PARTY
    if found["needs_party"] and not by_party:
        text = f"{found['code']} is kept by party and takes only what names one."
        raise Invalid("ERP-3321", text, errors={"account": "is kept by party"})
    if by_party and not found["needs_party"]:
        raise Invalid("ERP-3321", f"{row['event']} needs an account that is kept by party; {found['code']} is not.", errors={"account": "is not kept by party"})
    return found


def _empty(work: Work, row: dict[str, Any]) -> None:
    if row["event"] == STOCK_EVENT:
        lying = repo.goods(work, row["item_kind"], row["place_kind"])
        if lying:
            raise Refused("ERP-3322", f"{quantity_text(lying)} {row['item_kind']} lie at a {row['place_kind']}: their account changes when there are none.")
    elif row["event"] in SETTLED:
        held = repo.open_on(work, row["account_id"])
        if held:
            raise Refused("ERP-3322", f"{row['account']} holds {held}, which is settled through it: its event changes when it is at zero.")
