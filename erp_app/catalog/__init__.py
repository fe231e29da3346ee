"""What is traded and with whom: items, units, places, suppliers, customers."""
