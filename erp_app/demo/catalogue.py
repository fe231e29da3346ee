"""What the demo companies buy, store and sell, and with whom they do business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from erp_app.demo.desk import Desk

Rows = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Catalogue:
    """Records by type, in the order in which they are entered."""

    departments: Rows
    places: Rows
    suppliers: Rows
    grades: Rows
    customers: Rows
    items: Rows


def fill(desk: Desk, goods: Catalogue) -> None:
    """Enter all records as the company's first administrator."""
    for plural, rows in (
        ("departments", goods.departments), ("places", goods.places),
        ("suppliers", goods.suppliers), ("customer-grades", goods.grades), ("customers", goods.customers), ("items", goods.items),
    ):
        for row in rows:
            desk.create("", plural, **row)


def _item(code: str, name: str, kind: str, unit: str, price: int | None = None, minimum: int | None = None) -> dict[str, Any]:
    given = {"code": code, "name": name, "kind": kind, "unit": unit, "sales_price": price, "minimum": minimum}
    return {key: value for key, value in given.items() if value is not None}


CONTOH = Catalogue(
    departments=({"code": "GUDANG", "name": "Gudang"}, {"code": "JUAL", "name": "Penjualan"}, {"code": "UMUM", "name": "Umum"}),
    places=(
        {"code": "WH", "name": "Gudang Utama", "kind": "warehouse"}, {"code": "WH-BDG", "name": "Gudang Bandung", "kind": "warehouse"},
        {"code": "QUAR", "name": "Karantina", "kind": "quarantine"}, {"code": "VENDOR", "name": "CV Bubut Jaya", "kind": "vendor"},
        {"code": "SCRAP", "name": "Barang rusak", "kind": "adjustment", "account": "5-1400"},
    ),
    suppliers=(
        {"code": "PT Baja", "name": "PT Baja Utama Sentosa", "city": "Cikarang", "phone": "021-8900 111", "terms_days": 30},
        {"code": "UD Kemasan", "name": "UD Kemasan Rapi", "city": "Bekasi", "phone": "021-8844 220", "terms_days": 14},
        {"code": "PT Komponen", "name": "PT Komponen Nusantara", "city": "Karawang", "phone": "0267-400 555", "terms_days": 30, "price_tolerance": 2},
        {"code": "CV Pelumas", "name": "CV Pelumas Abadi", "city": "Tangerang", "phone": "021-5577 090", "terms_days": 21},
        {"code": "CV Bubut Jaya", "name": "CV Bubut Jaya", "city": "Bekasi", "phone": "021-8833 777", "terms_days": 14},
        {"code": "Ekspedisi Lancar", "name": "PT Ekspedisi Lancar", "city": "Jakarta", "phone": "021-6500 300", "terms_days": 7},
    ),
    grades=(
        {"code": "A", "name": "Pelanggan utama", "credit_limit": 250_000_000}, {"code": "B", "name": "Pelanggan tetap", "credit_limit": 75_000_000},
        {"code": "C", "name": "Pelanggan baru", "credit_limit": 15_000_000},
    ),
    customers=(
        {"code": "Toko Sumber Rejeki", "name": "Toko Sumber Rejeki", "grade": "B", "city": "Jakarta", "address": "Jl. Otista 12", "terms_days": 30},
        {"code": "Bengkel Maju", "name": "Bengkel Maju Jaya", "grade": "B", "city": "Depok", "address": "Jl. Margonda 88, Depok", "terms_days": 14},
        {"code": "PT Armada", "name": "PT Armada Nusantara", "grade": "A", "city": "Bandung", "address": "Jl. Soekarno Hatta 500, Bandung", "terms_days": 30},
        {"code": "CV Otomotif", "name": "CV Otomotif Sejahtera", "grade": "A", "city": "Semarang", "address": "Jl. Pemuda 45, Semarang", "terms_days": 30},
        {"code": "Toko Roda", "name": "Toko Roda Mas", "grade": "B", "city": "Bogor", "address": "Jl. Pajajaran 7, Bogor", "terms_days": 14},
        {"code": "Bengkel Baru", "name": "Bengkel Baru Harapan", "grade": "C", "city": "Tangerang", "address": "Jl. Daan Mogot 3, Tangerang", "terms_days": 7},
    ),
    items=(
        _item("TUBE", "Pipa baja 1 inci", "raw", "pcs", minimum=100), _item("BOX", "Dus kemasan", "packaging", "pcs", minimum=200),
        _item("SF", "Knalpot bubutan", "semi_finished", "pcs"), _item("FG", "Knalpot siap jual", "finished", "pcs", 110_000),
        _item("BRK-PAD", "Kampas rem depan", "finished", "set", 145_000, 80), _item("OIL-FLT", "Filter oli", "finished", "pcs", 42_000, 150),
        _item("AIR-FLT", "Filter udara", "finished", "pcs", 68_000, 100), _item("SPK-PLG", "Busi iridium", "finished", "pcs", 87_500, 200),
        _item("V-BELT", "V-belt 850 mm", "finished", "pcs", 125_000, 60), _item("WIPER-24", "Wiper 24 inci", "finished", "pcs", 55_000, 60),
        _item("OIL-10W40", "Oli mesin 10W-40 1 liter", "finished", "pcs", 76_000, 300),
        _item("SHOCK-R", "Peredam kejut belakang", "finished", "pcs", 410_000, 30),
        _item("SERVICE", "Jasa pasang", "service", "pcs", 50_000),
    ),
)
SEBELAH = Catalogue(
    departments=(),
    places=({"code": "WH", "name": "Gudang", "kind": "warehouse"},), suppliers=({"code": "Pemasok", "name": "Pemasok Sebelah"},), grades=(),
    customers=({"code": "Pembeli", "name": "Pembeli Sebelah"},), items=(_item("BAUT", "Baut M8", "finished", "pcs", 1_500),),
)
