"""The low-code engine: what a document type is, and all that follows from its declaration."""
