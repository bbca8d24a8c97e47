"""The keys of an instance: one master key in a file, every other key wrapped by it in the database.

A stolen database or backup is useless without the file; a rotated data key needs no new file.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import secrets
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import peewee as pw

from lifang.kit import clock
from lifang.kit.errors import NotReady
from lifang.kit.words import _
from lifang.store.fields import IdField, InstantField
from lifang.store.record import Table
from lifang.store.sensitive import Sealed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = b"\x01"
NONCE_BYTES = 12
PURPOSES = ("field", "index", "audit", "sign", "web")


class Key(Table):
    """One wrapped key; a purpose keeps its old keys so that what they sealed can still be read."""

    id = IdField()
    purpose = pw.CharField(max_length=20, index=True)
    wrapped = pw.BlobField()
    created_at = InstantField()
    retired_at = InstantField(null=True)

    class Meta:
        """A table of the machine: no gateway leads here."""

        table_name = "core_key"


def create_key_file(path: Path, master: bytes | None = None) -> None:
    """Write a master key, a new one unless told, readable by its owner only.

    An existing file is never overwritten.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    told = {"format": 1, "master": base64.b64encode(master or secrets.token_bytes(32)).decode()}
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(told, file)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def read_master(path: Path) -> bytes:
    """Read the master key; raises NotReady with what to do when it is missing or damaged."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        master = base64.b64decode(told["master"], validate=True)
    except FileNotFoundError:
        raise NotReady(
            _(
                "找不到密钥文件 {path}；请放回另存的一份，或用 lifang keys import 从纸质副本恢复",
                path=path,
            )  # fmt: skip
        ) from None
    except PermissionError:
        raise NotReady(_("没有读取密钥文件 {path} 的权限", path=path)) from None
    except (ValueError, KeyError, TypeError):
        raise NotReady(_("密钥文件 {path} 已损坏；请换成另存的一份", path=path)) from None
    if len(master) != 32:
        raise NotReady(_("密钥文件 {path} 已损坏；请换成另存的一份", path=path))
    return master


@dataclass
class KeyRing:
    """Seals and opens sensitive values, indexes them blindly, and signs what audit needs.

    Plugins never receive it.
    """

    keys: dict[str, dict[int, bytes]] = field(repr=False)
    current: dict[str, int]
    file: Path | None = None
    _ciphers: dict[int, AESGCM] = field(default_factory=dict, repr=False)

    def secret(self, purpose: str) -> bytes:
        """The current key of a purpose."""
        return self.keys[purpose][self.current[purpose]]

    def seal(self, value: str, *, table: str, column: str, row: int) -> Sealed:
        """Encrypt a value for one cell: copied to another row or column it no longer opens."""
        return Sealed(self.lock(value.encode(), f"{table}|{column}|{row}"))

    def open(self, sealed: Sealed, *, table: str, column: str, row: int) -> str:
        """Decrypt the value of a cell; raises NotReady when it was moved or altered."""
        try:
            return self.unlock(sealed.blob, f"{table}|{column}|{row}").decode()
        except KeyError:
            raise NotReady(
                _("{table} 第 {row} 行的 {column} 无法解密", table=table, column=column, row=row)
            ) from None

    def lock(self, data: bytes, place: str) -> bytes:
        """Encrypt some bytes for one place: anywhere else they no longer open."""
        key_id, nonce = self.current["field"], os.urandom(NONCE_BYTES)
        bound = f"{place}|{key_id}".encode()
        sealed = self._cipher(key_id).encrypt(nonce, data, bound)
        return FORMAT + key_id.to_bytes(4, "big") + nonce + sealed

    def unlock(self, blob: bytes, place: str) -> bytes:
        """Decrypt what `lock` gave; raises KeyError when it was moved or altered."""
        from cryptography.exceptions import InvalidTag

        key_id = int.from_bytes(blob[1:5], "big")
        nonce, sealed = blob[5 : 5 + NONCE_BYTES], blob[5 + NONCE_BYTES :]
        try:
            return self._cipher(key_id).decrypt(nonce, sealed, f"{place}|{key_id}".encode())
        except InvalidTag:
            raise KeyError(place) from None

    def _cipher(self, key_id: int) -> AESGCM:
        """The cipher of a key, made once: a list of people is sealed with thousands of values."""
        made = self._ciphers.get(key_id)
        if made is None:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            if key_id not in self.keys["field"]:
                self.look_again()
            made = self._ciphers[key_id] = AESGCM(self.keys["field"][key_id])
        return made

    def look_again(self) -> None:
        """Take in the keys that were made since: by this process, or by one that rotates them."""
        if self.file is not None:
            fresh = load_keys(self.file)
            self.keys, self.current = fresh.keys, fresh.current

    def index(self, value: str, *, kind: str) -> str:
        """Tell equal values of a kind by equal digests, without telling the value."""
        folded = unicodedata.normalize("NFKC", value).strip().upper()
        return self.digest("index", f"{kind}|{folded}".encode())

    def derived(self, about: str) -> bytes:
        """32 secret bytes that belong to some words, the same for as long as the instance lives."""
        first = self.keys["sign"][min(self.keys["sign"])]
        return hmac.digest(first, about.encode(), "sha256")

    def digest(self, purpose: str, data: bytes) -> str:
        """Keyed digest of some bytes, as 64 hexadecimal characters."""
        return hmac.digest(self.secret(purpose), data, "sha256").hex()


def create_keys(master: bytes) -> None:
    """Make the first key of every purpose; called once, inside `init`'s transaction."""
    for purpose in PURPOSES:
        create_key(master, purpose)


def create_key(master: bytes, purpose: str) -> None:
    """Make a key, which is from now on the one of its purpose, inside the running transaction."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(NONCE_BYTES)
    wrapped = AESGCM(master).encrypt(nonce, secrets.token_bytes(32), purpose.encode())
    Key.create(purpose=purpose, wrapped=FORMAT + nonce + wrapped, created_at=clock.now())


def load_keys(path: Path) -> KeyRing:
    """Unwrap every key; raises NotReady when the file's key is not the one that wrapped them."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    master = AESGCM(read_master(path))
    ring = KeyRing({}, {}, path)
    for row in Key.select().order_by(Key.id):
        blob = bytes(row.wrapped)
        nonce, text = blob[1 : 1 + NONCE_BYTES], blob[1 + NONCE_BYTES :]
        try:
            plain = master.decrypt(nonce, text, row.purpose.encode())
        except InvalidTag:
            raise NotReady(
                _("密钥文件 {path} 不属于这个数据库；什么都没有改动", path=path)
            ) from None
        ring.keys.setdefault(row.purpose, {})[row.id] = plain
        if row.retired_at is None:
            ring.current[row.purpose] = row.id
    if set(ring.current) != set(PURPOSES):
        raise NotReady(_("数据库里没有完整的密钥；它不是由 lifang init 建立的"))
    return ring
