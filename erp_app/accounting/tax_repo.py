"""The tax rule of a day, from the company's own rules and the statutory ones."""

from __future__ import annotations

from datetime import date

from erp_app.accounting.tax import STATUTORY, TaxRule, rule_at
from erp_app.kernel.uow import Work


def rule_on(work: Work, tax: str | None, day: date) -> TaxRule | None:
    """Return the rule for `ppn` or `pph23` on a day; None for `none`."""
    if tax in (None, "", "none"):
        return None
    rows = work.rows(
        "SELECT tax, name, valid_from, base_numerator, base_denominator, percent FROM tax_rate WHERE tax = %s AND active AND valid_from <= %s ORDER BY id",
        [tax, day],
    )
    own = [TaxRule(**row) for row in rows]
    return rule_at([*STATUTORY, *own], tax or "", day)
