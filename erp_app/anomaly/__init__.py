"""Anomalies: what looks wrong in the books, found by rules that are data; each finding has an owner, a status and a due time."""
