"""Amounts in words (terbilang), Indonesian and English, as written on invoices and receipts."""

from __future__ import annotations

_ID_ONES = ("", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh", "sebelas")
_EN_ONES = (
    "",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_EN_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ID_THOUSANDS = ("", "ribu", "juta", "miliar", "triliun", "kuadriliun")
_EN_THOUSANDS = ("", "thousand", "million", "billion", "trillion", "quadrillion")
_CURRENCIES = {"IDR": {"id": "rupiah", "en": "rupiah"}, "USD": {"id": "dolar", "en": "dollars"}}
LIMIT = 10**18


def amount_in_words(amount: int, lang: str, currency: str = "IDR") -> str:
    """Return a whole amount in words with its currency, first letter large: `Dua belas ribu lima ratus rupiah`.

    Raises:
        ValueError: beyond 18 digits.
    """
    if abs(amount) >= LIMIT:
        raise ValueError("amount has more than 18 digits")
    parts = ["minus"] if amount < 0 else []
    parts.append(_number(abs(amount), lang) or ("nol" if lang == "id" else "zero"))
    parts.append(_CURRENCIES.get(currency, {}).get(lang, currency))
    text = " ".join(parts)
    return text[0].upper() + text[1:]


def _number(number: int, lang: str) -> str:
    """Return a number below 10^18 in words, empty for zero."""
    groups: list[str] = []
    for power in range(5, -1, -1):
        group = number // 1000**power % 1000
        if not group:
            continue
        if lang == "id":
            groups.append("seribu" if (power, group) == (1, 1) else f"{_indonesian(group)} {_ID_THOUSANDS[power]}".strip())
        else:
            groups.append(f"{_english(group)} {_EN_THOUSANDS[power]}".strip())
    return " ".join(groups)


def _indonesian(number: int) -> str:
    """Return 1 to 999 in Indonesian."""
    hundreds, rest = divmod(number, 100)
    words = ["seratus" if hundreds == 1 else f"{_ID_ONES[hundreds]} ratus"] if hundreds else []
    if 0 < rest < len(_ID_ONES):
        words.append(_ID_ONES[rest])
    elif rest and rest < 20:  # noqa: PLR2004 - the numbers that end in belas
        words.append(f"{_ID_ONES[rest - 10]} belas")
    elif rest:
        tens, ones = divmod(rest, 10)
        words.append(f"{_ID_ONES[tens]} puluh {_ID_ONES[ones]}".strip())
    return " ".join(words)


def _english(number: int) -> str:
    """Return 1 to 999 in English."""
    hundreds, rest = divmod(number, 100)
    words = [f"{_EN_ONES[hundreds]} hundred"] if hundreds else []
    if 0 < rest < len(_EN_ONES):
        words.append(_EN_ONES[rest])
    elif rest:
        tens, ones = divmod(rest, 10)
        words.append(_EN_TENS[tens] + (f"-{_EN_ONES[ones]}" if ones else ""))
    return " ".join(words)
