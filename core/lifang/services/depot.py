"""Files kept for a job: sealed on disk like every sensitive value, under names that say nothing."""

from __future__ import annotations

import datetime as dt
import io
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

from lifang.kit.errors import NotFound
from lifang.kit.words import _
from lifang.services.instance import Instance
from lifang.store.keys import FORMAT, NONCE_BYTES

PIECE = 64 * 1024
SEALED = PIECE + len(FORMAT) + 4 + NONCE_BYTES + 16
"""A piece as it lies on disk: with its key's number, its nonce and its tag."""


def keep(instance: Instance, source: IO[bytes]) -> str:
    """Seal a stream into a file of its own, piece by piece; gives the file's name."""
    name = secrets.token_hex(16)
    path = _path(instance, name)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    _seal(instance, name, source, path)
    return name


def reseal(instance: Instance, name: str) -> None:
    """Seal a kept file anew, under today's key; its age stays."""
    path, part = _path(instance, name), instance.settings.data / ".resealed.part"
    part.unlink(missing_ok=True)
    with opened(instance, name) as source:
        _seal(instance, name, source, part)
    with suppress(FileNotFoundError):  # it was dropped meanwhile
        shutil.copystat(path, part)
        part.replace(path)


def _seal(instance: Instance, name: str, source: IO[bytes], path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as sink:
            for number, piece in enumerate(iter(lambda: source.read(PIECE), b"")):
                sink.write(instance.keys.lock(piece, f"depot|{name}|{number}"))
            sink.flush()
            os.fsync(sink.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def opened(instance: Instance, name: str) -> Iterator[BinaryIO]:
    """A kept file to read and to seek in; raises NotFound when it is no longer kept."""
    try:
        raw = _path(instance, name).open("rb")
    except FileNotFoundError:
        raise NotFound(_("这个文件已不再保存；请重新上传")) from None
    with raw, io.BufferedReader(_Kept(instance, name, raw), PIECE) as stream:
        yield stream


def here(instance: Instance, name: str) -> bool:
    """Whether a file is kept in this folder: another machine of the instance has its own."""
    return _path(instance, name).exists()


def before(instance: Instance, moment: dt.datetime) -> set[str]:
    """The files kept in this folder since before a moment."""
    files = (instance.settings.data / "files").glob("*")
    return {one.name for one in files if one.stat().st_mtime < moment.timestamp()}


def drop(instance: Instance, name: str) -> None:
    """Throw a kept file away; one that is gone is no mistake."""
    _path(instance, name).unlink(missing_ok=True)


def _path(instance: Instance, name: str) -> Path:
    return instance.settings.data / "files" / name


class _Kept(io.RawIOBase):
    """A sealed file as the bytes it was made from; one piece is open at a time."""

    def __init__(self, instance: Instance, name: str, raw: BinaryIO) -> None:
        self._instance, self._name, self._raw = instance, name, raw
        whole, rest = divmod(raw.seek(0, io.SEEK_END), SEALED)
        self._size = whole * PIECE + (rest - (SEALED - PIECE) if rest else 0)
        self._at, self._open, self._piece = 0, -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # what a reader lends
        number, start = divmod(self._at, PIECE)
        if self._at >= self._size:
            return 0
        if number != self._open:
            self._raw.seek(number * SEALED)
            place = f"depot|{self._name}|{number}"
            try:
                self._piece = self._instance.keys.unlock(self._raw.read(SEALED), place)
            except (KeyError, ValueError):  # somebody changed it, or half of it was lost
                raise NotFound(_("这个文件已不再保存；请重新上传")) from None
            self._open = number
        told = self._piece[start : start + len(buffer)]
        buffer[: len(told)] = told
        self._at += len(told)
        return len(told)
