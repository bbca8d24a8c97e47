"""Passwords: kept as Argon2id hashes, compared in the same time whether the account exists."""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING

from lifang.kit.errors import Invalid
from lifang.kit.words import _

if TYPE_CHECKING:
    import argon2

SHORTEST, LONGEST = 8, 128
MEMORY_KIB, PASSES, LANES = 65_536, 3, 1
AT_ONCE = threading.BoundedSemaphore(2)
"""So that signing in cannot be used to exhaust the machine: each hash takes 64 MiB."""

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_COMMON = frozenset({"password", "12345678", "123456789", "88888888", "11111111", "lifang123"})


def hash_password(password: str) -> str:
    """Hash a password for keeping."""
    with AT_ONCE:
        return _hasher().hash(password)


def check_password(stored: str | None, password: str) -> bool:
    """Compare; an absent account costs the same time as a wrong password."""
    from argon2.exceptions import InvalidHashError, VerificationError

    with AT_ONCE:
        try:
            return _hasher().verify(stored or _absent(), password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def one_time_password() -> str:
    """A password to hand over once: four groups that can be read aloud."""
    groups = ("".join(secrets.choice(_ALPHABET) for _n in range(4)) for _g in range(4))
    return "-".join(groups)


def check_strength(password: str, *, name: str) -> None:
    """Refuse what is too short, too long or guessed first; raises Invalid on `password`."""
    if not SHORTEST <= len(password) <= LONGEST:
        sentence = _("密码须为 {low} 至 {high} 个字符", low=SHORTEST, high=LONGEST)
    elif password.casefold() in _COMMON or password.casefold() == name.casefold():
        sentence = _("这个密码太常见，请换一个")
    else:
        return
    raise Invalid.about("password", "weak", sentence)


_cached: list[str] = []


def _absent() -> str:
    """A hash nobody's password has, to be compared with when the account does not exist."""
    if not _cached:
        _cached.append(_hasher().hash(secrets.token_hex(16)))
    return _cached[0]


def _hasher() -> argon2.PasswordHasher:
    import argon2

    return argon2.PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
