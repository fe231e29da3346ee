"""The chart of accounts and the mapping a new tenant starts with. Codes and mapping are data: finance changes them later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erp_app.accounting import repo

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work

# code, name, type, kept by party
ACCOUNTS: tuple[tuple[str, str, str, bool], ...] = (
    ("1-1110", "Bank", "asset", False),
    ("1-1200", "Accounts receivable", "asset", True),
    ("1-1310", "Raw material", "asset", False),
    ("1-1320", "Material at vendors", "asset", False),
    ("1-1330", "Semi-finished", "asset", False),
    ("1-1335", "Work in process", "asset", False),
    ("1-1340", "Finished goods", "asset", False),
    ("1-1350", "Goods in transit", "asset", False),
    ("1-1360", "Quarantine", "asset", False),
    ("1-1500", "VAT in", "asset", False),
    ("2-1100", "Accounts payable", "liability", True),
    ("2-1110", "Goods received not billed", "liability", False),
    ("2-1120", "Outsource fee not billed", "liability", False),
    ("2-1130", "Landed cost not billed", "liability", False),
    ("2-1200", "VAT out", "liability", False),
    ("2-1210", "PPh 23 payable", "liability", False),
    ("2-1300", "Customer advances", "liability", True),
    ("3-1000", "Capital", "equity", False),
    ("3-2000", "Retained earnings", "equity", False),
    ("4-1000", "Sales", "income", False),
    ("4-1100", "Sales returns", "income", False),
    ("5-1000", "HPP", "expense", False),
    ("5-1100", "Purchase price and return variance", "expense", False),
    ("5-1200", "Stock adjustment", "expense", False),
    ("5-1300", "Finishing overhead applied", "expense", False),
    ("5-1310", "Finishing overhead actual", "expense", False),
    ("5-1400", "Damaged goods", "expense", False),
    ("5-1500", "Warranty cost", "expense", False),
    ("6-1000", "Bank charges", "expense", False),
)

# Where the value of goods lies: (place kind, item kind or empty for each, account). Production nets to zero within its document.
GOODS: tuple[tuple[str, str, str], ...] = (
    ("warehouse", "raw", "1-1310"),
    ("warehouse", "packaging", "1-1310"),
    ("warehouse", "consumable", "1-1310"),
    ("warehouse", "semi_finished", "1-1330"),
    ("warehouse", "finished", "1-1340"),
    ("vendor", "", "1-1320"),
    ("in_transit", "", "1-1350"),
    ("quarantine", "", "1-1360"),
    ("customer", "", "5-1000"),
    ("supplier", "", "2-1110"),
    ("production", "", "1-1335"),
    ("adjustment", "", "5-1200"),
)

# Roles documents name in their journal lines.
ROLES: dict[str, str] = {
    "bank": "1-1110",
    "ar": "1-1200",
    "vat_in": "1-1500",
    "ap": "2-1100",
    "grni": "2-1110",
    "outsource_fee": "2-1120",
    "landed_cost": "2-1130",
    "vat_out": "2-1200",
    "withholding": "2-1210",
    "advances": "2-1300",
    "capital": "3-1000",
    "retained_earnings": "3-2000",
    "sales": "4-1000",
    "sales_returns": "4-1100",
    "cogs": "5-1000",
    "variance": "5-1100",
    "adjustment": "5-1200",
    "overhead": "5-1300",
    "overhead_actual": "5-1310",
    "scrap": "5-1400",
    "warranty": "5-1500",
    "bank_charges": "6-1000",
    "wip": "1-1335",
}
STOCK_EVENT = "stock"
ITEM_KINDS = ("raw", "packaging", "semi_finished", "finished", "consumable")


def install(work: Work) -> None:
    """Give a tenant the template; what it already has stays as it is."""
    repo.add_accounts(work, ACCOUNTS)
    mapping = [(STOCK_EVENT, kind, place_kind, code) for place_kind, item_kind, code in GOODS for kind in ([item_kind] if item_kind else ITEM_KINDS)]
    mapping += [(role, "", "", code) for role, code in ROLES.items()]
    repo.add_mapping(work, mapping)
