"""The chain over the audit trail: how entries are linked, and how checkpoints are signed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from lifang.entities.audit import AuditEntry
from lifang.kit import json
from lifang.services.auditing import CHAINED, encoded
from lifang.store.keys import KeyRing
from lifang.store.record import moment

LINK, SIGNED = b"lifang-audit-1", "lifang-checkpoint-1"
"""Told apart, so that a digest of one kind never passes for one of the other."""

GENESIS = bytes(32)
COLUMNS = tuple(getattr(AuditEntry, name) for name in (*CHAINED, "mac"))
INSTANTS = AT, _OCCURRED = CHAINED.index("at"), CHAINED.index("occurred_at")


def told(row: Sequence[Any]) -> bytes:
    """The canonical bytes of an entry read as a raw row of `COLUMNS`, without its MAC.

    Raises TypeError for a value that nothing here has ever written.
    """
    values = row[:-1]
    if not isinstance(values[AT], str):  # a database that has instants gives instants
        values = [moment(v) if n in INSTANTS else v for n, v in enumerate(values)]
    return encoded(values)


def link(previous: bytes, canonical: bytes, mac: str) -> bytes:
    """The chain's digest at an entry, from the one before it."""
    return hashlib.sha256(LINK + previous + canonical + mac.encode()).digest()


def audit_keys(keys: KeyRing) -> tuple[hmac.HMAC, ...]:
    """The keys of the trail's own digests, today's first; a rotation keeps those before it."""
    numbers = sorted(keys.keys["audit"], key=lambda number: number != keys.current["audit"])
    return tuple(hmac.new(keys.keys["audit"][number], digestmod="sha256") for number in numbers)


def keyed(keys: tuple[hmac.HMAC, ...], data: bytes, digest: str | None) -> bool:
    """Whether a keyed digest was made with one of the keys."""
    for key in keys:
        made = key.copy()
        made.update(data)
        if made.hexdigest() == digest:
            return True
    return False


@dataclass(frozen=True)
class Checkpoint:
    """A signed statement: at this moment the chain had come to this entry, with this digest."""

    seq: int
    chain: str
    at: str
    signature: str = ""

    def line(self) -> bytes:
        """As one line of a file."""
        return json.dumps(asdict(self)) + b"\n"

    def signed(self, keys: KeyRing) -> Checkpoint:
        """The same, signed with the current key."""
        signature: bytes = _signer(keys.secret("sign")).sign(self._text())
        return replace(self, signature=signature.hex())

    def holds(self, keys: KeyRing) -> bool:
        """Whether the signature is one of this instance's."""
        from cryptography.exceptions import InvalidSignature

        for seed in keys.keys["sign"].values():
            try:
                _signer(seed).public_key().verify(bytes.fromhex(self.signature), self._text())
            except (InvalidSignature, ValueError):
                continue
            return True
        return False

    def _text(self) -> bytes:
        return f"{SIGNED}|{self.seq}|{self.chain}|{self.at}".encode()


def _signer(seed: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(seed)
