"""Purchasing: orders to suppliers, receipt of goods, and their bills."""
