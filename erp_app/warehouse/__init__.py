"""Warehouse documents: transfers between places and stock counts."""
