"""Sales: orders, delivery notes (SJ), their verification (NC), delivery orders (DO) and invoices."""
