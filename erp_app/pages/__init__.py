"""What people see. Pages lay out what the State classes hold; they never call a service."""
