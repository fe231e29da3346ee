"""Notifications: what waits for somebody, in the bell of the screens, in that person's language."""
