"""The file a backup is: compressed, and sealed piece by piece under a key made for it alone.

Every piece is bound to its number and to whether it is the last one, so none can be cut off, put
elsewhere, taken out or added without the next reading noticing. Whoever holds the instance's key
file opens it, without any database.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

import orjson

from lifang.kit import json
from lifang.kit.errors import Invalid, NotFound, NotReady
from lifang.kit.words import _
from lifang.store.keys import NONCE_BYTES, read_master

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"LIFANG-BACKUP\n"
FORMAT = 1
FORMAT_BYTES, PRINT_BYTES, SALT_BYTES = 2, 8, 32
HEADER = len(MAGIC) + FORMAT_BYTES + PRINT_BYTES + SALT_BYTES
PIECE, TAG = 64 * 1024, 16
QUICK = 4  # of nine: half as large as the plain data, and as fast as it is sealed
DATABASE, MANIFEST = "lifang.db", "manifest.json"
NAMES = re.compile(r"lifang\.db|manifest\.json|files/[0-9A-Za-z_-]+")
Progress = Callable[[int, int], None]
Manifest = dict[str, Any]
"""What a backup says of itself; `members` holds the SHA-256 of everything else in it."""


def fingerprint(master: bytes) -> str:
    """Tell a master key from others without telling anything of it."""
    return _derived(master, b"", b"lifang-key-fingerprint", PRINT_BYTES).hex()


def _derived(master: bytes, salt: bytes, purpose: bytes, length: int = 32) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=length, salt=salt or None, info=purpose).derive(master)


class _Pieces:
    """The cipher of one backup: its key comes from the master key and from the whole header."""

    def __init__(self, master: bytes, header: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        salt = header[-SALT_BYTES:]
        self._cipher: AESGCM = AESGCM(_derived(master, salt, b"lifang-backup|" + header))
        self._number = 0

    def _next(self, *, last: bool) -> bytes:
        """The nonce of the next piece; it is used once, for the key belongs to this file alone."""
        self._number += 1
        return self._number.to_bytes(NONCE_BYTES - 1, "big") + bytes([last])


class _Sealing(_Pieces, io.RawIOBase):
    """Seals what is written to it; closing it marks the last piece."""

    def __init__(self, sink: BinaryIO, master: bytes) -> None:
        told = FORMAT.to_bytes(FORMAT_BYTES, "big") + bytes.fromhex(fingerprint(master))
        header = MAGIC + told + os.urandom(SALT_BYTES)
        super().__init__(master, header)
        self._sink, self._waiting = sink, bytearray()
        sink.write(header)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        while len(self._waiting) > PIECE:
            self._seal(PIECE, last=False)
        return len(data)

    def finish(self) -> None:
        """Seal what is left."""
        self._seal(PIECE, last=True)

    def _seal(self, size: int, *, last: bool) -> None:
        self._sink.write(self._cipher.encrypt(self._next(last=last), self._waiting[:size], None))
        del self._waiting[:size]


class _Opening(_Pieces, io.RawIOBase):
    """What was sealed, piece by piece; raises Invalid at the first one that is not as written."""

    def __init__(self, source: BinaryIO, header: bytes, master: bytes) -> None:
        super().__init__(master, header)
        self._source, self._ahead, self._open = source, source.read(PIECE + TAG), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._open and (self._ahead or not self._number):
            self._open = self._piece()
        told = self._open[: len(buffer)]
        buffer[: len(told)] = told
        self._open = self._open[len(told) :]
        return len(told)

    def _piece(self) -> bytes:
        from cryptography.exceptions import InvalidTag

        piece, self._ahead = self._ahead, self._source.read(PIECE + TAG)
        try:
            return self._cipher.decrypt(self._next(last=not self._ahead), piece, None)
        except (InvalidTag, ValueError):
            raise Invalid(_("备份从第 {n} 段起被截断或改动过，不能使用", n=self._number)) from None


class Packing:
    """A backup being written: members one by one, the manifest last."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        """Write into an open archive."""
        self._tar = tar
        self.members: dict[str, str] = {}

    def add(self, name: str, source: IO[bytes], size: int, progress: Progress) -> None:
        """Take in a member, and keep its digest for the manifest."""
        told = tarfile.TarInfo(name)
        told.size = size
        hashed = _Hashed(source, lambda done: progress(done, size))
        self._tar.addfile(told, hashed)
        self.members[name] = hashed.digest.hexdigest()

    def finish(self, manifest: Manifest) -> None:
        """Close with the manifest."""
        text = json.dumps({**manifest, "members": self.members})
        self.add(MANIFEST, io.BytesIO(text), len(text), lambda _done, _of: None)


class _Hashed:
    """A stream that is hashed, and tells how far it is, while it is read."""

    def __init__(self, source: IO[bytes], told: Callable[[int], None]) -> None:
        self._source, self._told, self._done = source, told, 0
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        self._done += len(data)
        self._told(self._done)
        return data


@contextmanager
def packed(target: Path, master: bytes) -> Iterator[Packing]:
    """Write a backup, member by member (see `sealed`)."""
    with sealed(target, master) as plain, tarfile.open(fileobj=plain, mode="w|") as tar:
        yield Packing(tar)


@contextmanager
def sealed(target: Path, master: bytes) -> Iterator[gzip.GzipFile]:
    """Write a file beside its place and rename it when it lies on the disk, whole."""
    part = target.with_name(f".{target.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            sealing = _Sealing(file, master)
            with gzip.GzipFile("", "wb", QUICK, sealing, mtime=0) as plain:
                yield plain
            sealing.finish()
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
        sync(target.parent)
    finally:
        part.unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """Put on the disk what a folder says of the names in it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unpack(source: Path, key: Path, scratch: Path, progress: Progress) -> Manifest:
    """Open a backup into an empty folder, every byte of it checked; gives its manifest.

    Raises NotReady for another key or a newer format, Invalid for what is no backup or no longer
    the one that was written.
    """
    with unsealed(source, key) as (plain, file):
        size = source.stat().st_size
        with tarfile.open(fileobj=plain, mode="r|") as tar:
            found = {
                one.name: _keep(tar, one, scratch, lambda _n: progress(file.tell(), size))
                for one in tar
            }
            while plain.read(PIECE):
                pass  # to the very end: what was appended is noticed there
    told = found.pop(MANIFEST, None)
    manifest: Manifest = orjson.loads((scratch / MANIFEST).read_bytes()) if told else {}
    if found != manifest.get("members") or DATABASE not in found:
        raise Invalid(_("备份的内容与它的清单不符，不能使用"))
    return manifest


@contextmanager
def unsealed(source: Path, key: Path) -> Iterator[tuple[gzip.GzipFile, BinaryIO]]:
    """Read a sealed file, and see how far; raises what `unpack` raises."""
    try:
        with source.open("rb") as file:
            opening = _Opening(file, *_header(file, key))
            with gzip.GzipFile(fileobj=io.BufferedReader(opening, PIECE)) as plain:
                yield plain, file
    except FileNotFoundError:
        raise NotFound(_("没有文件 {path}", path=source)) from None
    except (tarfile.TarError, gzip.BadGzipFile, EOFError):
        raise Invalid(_("备份的内容不完整，不能使用")) from None


def _header(file: BinaryIO, key: Path) -> tuple[bytes, bytes]:
    """The header and the key that opens what follows."""
    header = file.read(HEADER)
    if len(header) < HEADER or not header.startswith(MAGIC):
        raise Invalid(_("这不是里坊的备份文件，或者它的开头已损坏"))
    told = header[len(MAGIC) :]
    if int.from_bytes(told[:FORMAT_BYTES], "big") != FORMAT:
        raise NotReady(_("备份的格式比程序新；请先升级里坊，再恢复"))
    master = read_master(key)
    needed, given = told[FORMAT_BYTES:-SALT_BYTES].hex(), fingerprint(master)
    if needed != given:
        sentence = _("备份要用指纹为 {needed} 的密钥，{path} 的指纹是 {given}；"
                     "请用 --key 指明密钥文件", needed=needed, path=key, given=given)  # fmt: skip
        raise NotReady(sentence)
    return header, master


def _keep(
    tar: tarfile.TarFile, one: tarfile.TarInfo, scratch: Path, told: Callable[[int], None]
) -> str:
    """Write one member into the folder; gives its digest."""
    stream = tar.extractfile(one) if NAMES.fullmatch(one.name) and one.isfile() else None
    if stream is None:
        raise Invalid(_("备份的内容与它的清单不符，不能使用"))
    place, hashed = scratch / one.name, _Hashed(stream, told)
    place.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while data := hashed.read(PIECE):
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return hashed.digest.hexdigest()
