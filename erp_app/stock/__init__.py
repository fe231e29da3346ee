"""Where goods are: movements between places, and balances that always equal their sum."""
