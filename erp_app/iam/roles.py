"""The roles a new company starts with."""

from __future__ import annotations

ADMIN = "admin"

# code, name, what it is for
DEFAULTS: tuple[tuple[str, str, str], ...] = (
    (ADMIN, "Administrator", "People, rights, settings and everything else"),
    ("manager", "Manager", "Sees everything, approves"),
    ("staff", "Staff", "Own records, until an administrator widens it"),
    ("warehouse", "Warehouse", "Receipts, deliveries, transfers, counts"),
    ("sales", "Sales", "Quotations, orders, verification of deliveries"),
    ("sales_manager", "Sales manager", "Releases credit holds, approves rejects and warranty"),
    ("purchasing", "Purchasing", "Requests, orders, returns to suppliers"),
    ("purchasing_manager", "Purchasing manager", "Approves requests, orders and price differences"),
    ("production", "Production", "Outsource and finishing orders"),
    ("finance", "Finance", "Bills, invoices, payments, journals"),
    ("finance_manager", "Finance manager", "Approves payments, locks periods"),
    ("hr", "Human resources", "Employees and attendance"),
    ("gate", "Gate", "Vehicles in and out"),
)
