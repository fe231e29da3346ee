"""The one call that posts a document to stock, costing and accounting together."""
