"""What kind of file it is, by what is in it: a short list of kinds, and nothing that can act."""

from __future__ import annotations

import zipfile
from pathlib import PurePath
from typing import BinaryIO

from lifang.kit.errors import Invalid
from lifang.kit.words import _

TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "txt": "text/plain",
}
ENDINGS = {".jpeg": "jpg", **{f".{type}": type for type in TYPES}}
LONGEST_NAME = 120
MEMBERS, HEAD = 2_000, 4_096
_STARTS = {b"%PDF-": "pdf", b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}
_CONTROL = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1b")


def judged(name: str, stream: BinaryIO) -> tuple[str, str]:
    """The name of a file as it is kept, and its type; both must agree.

    The stream is left at its beginning. Raises Invalid, saying what would be right.
    """
    said = name.strip()
    if not said or len(said) > LONGEST_NAME or not said.isprintable():
        raise refused(_("文件名应有 1 至 {n} 个看得见的字", n=LONGEST_NAME))
    if set(said) & set("/\\:") or said.startswith("."):
        raise refused(_("文件名「{name}」里有路径；只写文件自己的名称", name=said))
    wanted = ENDINGS.get(PurePath(said).suffix.lower())
    found = _within(stream)
    if found == "txt" and wanted == "csv":
        found = "csv"
    if found is None or wanted is None:
        known = _("、").join(TYPES)
        raise refused(_("不接收「{name}」这类文件；可以是 {known}", name=said, known=known))
    if found != wanted:
        told = _("「{name}」的内容其实是 {type}；请用正确的扩展名", name=said, type=found)
        raise refused(told)
    return said, found


def refused(sentence: str) -> Invalid:
    """The refusal of a file."""
    return Invalid.about("file", "invalid", sentence)


def _within(stream: BinaryIO) -> str | None:
    """The type that the content shows, or None for one that is not on the list."""
    head = stream.read(HEAD)
    try:
        for start, type in _STARTS.items():
            if head.startswith(start):
                return type
        if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
            return "webp"
        if head.startswith(b"PK\x03\x04"):
            return _office(stream)
        stream.seek(0)
        return "txt" if _is_text(stream) else None
    finally:
        stream.seek(0)


def _office(stream: BinaryIO) -> str | None:
    """A document or a workbook without macros; only the names in it are looked at."""
    try:
        with zipfile.ZipFile(stream) as packed:
            names = packed.namelist()
    # the last is what zipfile says to a version of the format that it does not read
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None
    if len(names) > MEMBERS or any(name.lower().endswith("vbaproject.bin") for name in names):
        return None
    found = [type for type, main in _MAINS.items() if main in names]
    return found[0] if len(found) == 1 else None


_MAINS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}


def _is_text(stream: BinaryIO) -> bool:
    """Whether it reads as text in UTF-8 or GB 18030, and is no page that a browser would run."""
    data = stream.read()
    if _CONTROL & set(data) or data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False
