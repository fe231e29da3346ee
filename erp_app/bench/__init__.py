"""Measurements: every figure the documentation names can be measured again with `./erp bench`."""
