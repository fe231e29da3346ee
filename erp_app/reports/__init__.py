"""Read-only queries: reports, proofs, and how the machinery does."""
