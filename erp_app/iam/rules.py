"""Rules of names and passwords. Pure: no database, no Redis."""

from __future__ import annotations

import re

USERNAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,59}")
SHORTEST = 8
LONGEST = 200  # argon2 reads all of it; a megabyte of password would be a cheap way to keep us busy
_COMMON = frozenset({
    "password", "passw0rd", "administrator", "12345678", "123456789", "1234567890", "0123456789", "qwertyuiop", "password12", "password123", "satuerp123",
})


def clean_username(text: str) -> str:
    """Return the username as it is stored: without blanks around it, in lower case."""
    return text.strip().lower()


def username_problem(text: str) -> str | None:
    """Say what is wrong with a username, or None."""
    if USERNAME.fullmatch(text):
        return None
    return "A username has 1 to 60 small letters, digits or . _ - @ + and begins with a letter or digit."


def password_problem(password: str, username: str) -> str | None:
    """Say why a password is too weak or too long, or None."""
    if len(password) < SHORTEST:
        return f"Choose at least {SHORTEST} characters."
    if len(password) > LONGEST:
        return f"Choose at most {LONGEST} characters."
    plain = password.lower()
    if username in plain and len(plain) - len(username) < SHORTEST - 2:
        return "The password must not be built from the username."
    if plain in _COMMON or len(set(plain)) < 5:  # noqa: PLR2004 - five different characters
        return "This password is too easy to guess."
    return None
