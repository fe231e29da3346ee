"""Finance documents: receipts from customers, payments to suppliers, and tax rules."""
