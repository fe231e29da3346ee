"""VAT and withholding (rule C8) as dated rules: an old document keeps the rule of its day. Pure.

The base of VAT since 2025 is 11/12 of the net (DPP nilai lain), taxed at 12 %; both roundings happen once, on the document.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from erp_app.kernel.money import half_up


@dataclass(frozen=True)
class TaxRule:
    """One rule from a date on.

    Attributes:
        tax: `ppn` or `pph23`.
        base_numerator, base_denominator: the share of the net that is the tax base.
        percent: the rate on that base.
    """

    tax: str
    name: str
    valid_from: date
    base_numerator: int
    base_denominator: int
    percent: Decimal

    def base(self, net: int) -> int:
        """Return the tax base of a net amount, in whole minor units, as printed on the invoice."""
        return half_up(net * self.base_numerator, self.base_denominator)

    def tax_on(self, net: int) -> int:
        """Return the tax on a net amount, rounded once: half_up(net x 11/12 x 12 %)."""
        scaled = int(self.percent * 10_000)
        return half_up(net * self.base_numerator * scaled, self.base_denominator * 100 * 10_000)


# What the law says; a company may add rules of its own, which go before these from their date on.
STATUTORY = (
    TaxRule("ppn", "PPN 10%", date(1984, 7, 1), 1, 1, Decimal(10)),
    TaxRule("ppn", "PPN 11%", date(2022, 4, 1), 1, 1, Decimal(11)),
    TaxRule("ppn", "PPN 11/12 x 12%", date(2025, 1, 1), 11, 12, Decimal(12)),
    TaxRule("pph23", "PPh 23 2%", date(2009, 1, 1), 1, 1, Decimal(2)),
)


def rule_at(rules: Iterable[TaxRule], tax: str, day: date) -> TaxRule | None:
    """Return the newest rule of a tax valid on a day; of several with one date the last given."""
    valid = [rule for rule in rules if rule.tax == tax and rule.valid_from <= day]
    return max(enumerate(valid), key=lambda pair: (pair[1].valid_from, pair[0]))[1] if valid else None
