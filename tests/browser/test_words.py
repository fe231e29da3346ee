"""Every text of the screens is there in Indonesian."""

from __future__ import annotations

from erp_app.i18n import catalogue, say
from tests.browser import spoken


def test_every_text_has_its_indonesian() -> None:
    missing = sorted(spoken.everything() - set(catalogue()))
    assert not missing, f"{len(missing)} texts without Indonesian in assets/erp/id.json: {missing[:20]}"


def test_what_is_unknown_stays_english() -> None:
    assert say("Sales orders", "id") == "Pesanan penjualan"
    assert say("Sales orders", "en") == "Sales orders"
    assert say("PT Baja", "id") == "PT Baja"
