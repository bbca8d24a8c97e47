"""Verification codes: random, short enough to type, with a character that shows a slip."""

from __future__ import annotations

import re
import secrets
import unicodedata

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""31 characters, none of which is easily taken for another: no 0 and O, no 1, I and L."""

LENGTH, GROUP = 16, 4
"""Fifteen that are drawn, some 74 bits, and one that follows from them."""


def drawn() -> str:
    """A new code."""
    body = "".join(secrets.choice(ALPHABET) for _place in range(LENGTH - 1))
    return body + _check(body)


def read(said: str) -> str | None:
    """A code as it was typed: spaces, dashes, case and width aside; None where it is none.

    One wrong character, or two neighbours exchanged, always makes it none.
    """
    code = re.sub(r"[\s\-‐-―－·.]", "", unicodedata.normalize("NFKC", said)).upper()
    if len(code) != LENGTH or set(code) - set(ALPHABET) or code[-1] != _check(code[:-1]):
        return None
    return code


def written(code: str) -> str:
    """A code as people are shown it: in groups of four."""
    return "-".join(code[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def _check(body: str) -> str:
    """The last character; the weights differ and the modulus is prime, so no slip is even."""
    total = sum((place + 1) * ALPHABET.index(one) for place, one in enumerate(body))
    return ALPHABET[total % len(ALPHABET)]
