"""Read-only questions to the ledgers. Every report answers as of a day, and as known on a day: append-only rows keep both."""
