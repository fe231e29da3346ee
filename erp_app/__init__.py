"""Satu ERP: one source of truth, many departments."""
