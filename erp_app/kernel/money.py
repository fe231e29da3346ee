"""Exact money and quantities: the only place that rounds.

Money is whole minor units of the tenant's currency (`int`; the rupiah has no minor unit, so 1 is one rupiah). Quantities in
the ledgers are whole ten-thousandths (`int`); in documents they are `Decimal` with at most four places.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from erp_app.kernel.errors import Invalid

QUANTITY_SCALE = 10_000
QUANTITY_PLACES = Decimal("0.0001")
MAX_QUANTITY = Decimal("99999999999999.9999")
MAX_MONEY = 10**17
MAX_EXPONENT = 40  # powers of ten, far beyond any quantity or price


def half_up(numerator: int, denominator: int) -> int:
    """Return numerator/denominator rounded to the nearest whole, halves away from zero. The denominator is positive."""
    if denominator <= 0:
        raise ValueError("denominator must be positive")
    if numerator >= 0:
        return (2 * numerator + denominator) // (2 * denominator)
    return -((-2 * numerator + denominator) // (2 * denominator))


def parse_decimal(value: object, *, places: int, name: str = "value") -> Decimal:
    """Read a decimal string or number exactly.

    Raises:
        Invalid: ERP-1101 when it is no finite number, has more than `places` decimals, or is out of range.
    """
    if isinstance(value, bool) or value is None:
        raise Invalid("ERP-1101", f"{name} must be a number.", errors={name: "must be a number"})
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value).strip())
    except InvalidOperation:
        raise Invalid("ERP-1101", f"{name} must be a number, not {str(value)[:40]!r}.", errors={name: "must be a number"}) from None
    # The exponent first: arithmetic with 1E999999 overflows, and with 1E-999999 it takes for ever.
    if not number.is_finite() or not -MAX_EXPONENT < number.adjusted() < MAX_EXPONENT or abs(number) > MAX_QUANTITY:
        raise Invalid("ERP-1101", f"{name} is out of range.", errors={name: "is out of range"})
    if number != number.quantize(Decimal(1).scaleb(-places)):
        raise Invalid("ERP-1101", f"{name} has more than {places} decimals.", errors={name: f"at most {places} decimals"})
    return number


def parse_quantity(value: object, name: str = "quantity") -> Decimal:
    """Read a quantity with at most four decimals."""
    return parse_decimal(value, places=4, name=name).quantize(QUANTITY_PLACES)


def to_units(quantity: Decimal) -> int:
    """Turn a document quantity into ledger units of 1/10,000."""
    return int((quantity * QUANTITY_SCALE).to_integral_exact())


def from_units(units: int) -> Decimal:
    """Turn ledger units of 1/10,000 into a document quantity."""
    return (Decimal(units) / QUANTITY_SCALE).quantize(QUANTITY_PLACES)


def quantity_text(quantity: Decimal | int) -> str:
    """Write a quantity (Decimal, or ledger units as int) without needless zeros: `88`, `0.5`."""
    number = from_units(quantity) if isinstance(quantity, int) else quantity
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(quantity: Decimal, unit_price: Decimal) -> int:
    """Return quantity x unit price in whole minor units, rounded half up."""
    return int((quantity * unit_price).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def round_decimal(number: Decimal) -> int:
    """Return the nearest whole number, halves away from zero."""
    return int(number.quantize(Decimal(1), rounding=ROUND_HALF_UP))
