"""Issue tracking: what somebody found wrong, routed to a department and followed until it is closed."""
