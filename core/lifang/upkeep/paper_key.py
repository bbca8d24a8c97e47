"""The master key on paper: four lines of letters that somebody can type in again, each checked.

A line is its number and 16 letters of base32: 8 bytes of the key and a check of 2. Base32 knows
neither 0, 1, 8 nor 9, so what is mistaken for a letter is read as the letter it looks like.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.kit.errors import Conflict, Forbidden, Invalid
from lifang.kit.settings import Settings
from lifang.kit.words import _
from lifang.services.auditing import record_note
from lifang.store.embedded import Embedded
from lifang.store.keys import create_key_file, load_keys, read_master
from lifang.store.opening import open_database
from lifang.upkeep.archive import fingerprint

PIECE, CHECK, LINES, GROUP = 8, 2, 4, 4
MARK = "LIFANG-KEY-1"
LOOKS = str.maketrans("0189", "OIBG")
PAGE = Path(__file__).with_name("paper_key.html")
LINE = re.compile(r"\W*([1-4])\W*(.*\w)\W*")


def export(caller: Caller) -> tuple[str, list[str]]:
    """The key's fingerprint and its lines, `1 ABCD EFGH JKLM NPQR`; told in the audit trail.

    Raises Forbidden for all but platform administrators at the machine: it leaves by no network.
    """
    if not caller.runs_it or caller.source != "cli":
        raise Forbidden(_("只有平台管理员可以在实例所在的机器上导出密钥"))
    master = read_master(caller.instance.settings.key_file)
    with caller.instance.database.transaction():
        record_note(caller, "key", "export", reason=fingerprint(master))
    return fingerprint(master), list(written(master))


def written(master: bytes) -> Iterator[str]:
    """The lines of a key of 32 bytes."""
    for number in range(1, LINES + 1):
        piece = master[(number - 1) * PIECE : number * PIECE]
        letters = base64.b32encode(piece + _check(number, piece)).decode()
        groups = (letters[at : at + GROUP] for at in range(0, len(letters), GROUP))
        yield " ".join((str(number), *groups))


def read(text: str) -> bytes:
    """The key of some lines, in any order, with whatever else the paper says around them.

    Raises Invalid with a sentence for each line that is missing or mistyped.
    """
    found: dict[int, bytes] = {}
    wrong = {n: _("缺少第 {n} 行：没有以 {n} 开头的行", n=n) for n in range(1, LINES + 1)}
    for at, line in enumerate(unicodedata.normalize("NFKC", text).upper().splitlines(), 1):
        if match := LINE.fullmatch(line):
            number, letters = int(match[1]), re.sub("[^A-Z2-7]", "", match[2].translate(LOOKS))
            if slip := _slip(number, letters):
                wrong[number] = _("第 {n} 行（文件的第 {at} 行）{slip}", n=number, at=at, slip=slip)
            else:
                found[number] = base64.b32decode(letters)[:PIECE]
    if lacking := [wrong[number] for number in wrong if number not in found]:
        told = _("{slips}。每行应是行号 1–4 和四组四个字母，例如「1 ABCD EFGH IJKL MNOP」",
                 slips=_("；").join(lacking))  # fmt: skip
        raise Invalid(told)
    return b"".join(found[number] for number in wrong)


def _slip(number: int, letters: str) -> str:
    """What is wrong with the letters of a line; nothing if they agree."""
    if len(letters) != LINES * GROUP:
        return _("有 {n} 个字母，应有 {right} 个", n=len(letters), right=LINES * GROUP)
    raw = base64.b32decode(letters)
    return "" if raw[PIECE:] == _check(number, raw[:PIECE]) else _("抄错了：校验不符")


def restore(told: Settings, text: str) -> tuple[bool, str]:
    """Write the key file from what a paper says; gives whether it opened a database here.

    Nothing is written where it is not the key of the database here (NotReady), or another key file
    is there (Conflict).
    """
    master = read(text)
    if told.key_file.exists() and read_master(told.key_file) != master:
        raise Conflict(_("{path} 是另一把密钥；请先把它移到别处，再恢复", path=told.key_file))
    opens = _fits(told, master)
    if not told.key_file.exists():
        create_key_file(told.key_file, master)
    return opens, fingerprint(master)


def _fits(told: Settings, master: bytes) -> bool:
    """Whether a key opens the database here; False where there is none yet, NotReady if not."""
    database = open_database(told.database, home=told.home, durability=told.durability)
    if not told.file.exists() or (isinstance(database, Embedded) and not database.path.exists()):
        return False
    with TemporaryDirectory() as scratch, closing(database), database.connection():
        trial = Path(scratch) / told.key_file.name
        create_key_file(trial, master)
        database.bind()
        load_keys(trial)
        return True


def _check(number: int, piece: bytes) -> bytes:
    return hashlib.sha256(f"{MARK}|{number}|".encode() + piece).digest()[:CHECK]


def page(print_: str, lines: list[str], home: str) -> str:
    """The page to print: the lines, the same as a QR code, and what to do with it."""
    import segno

    code = segno.make("\n".join([MARK, *lines]), error="q").svg_data_uri(border=2, scale=6)
    return Template(PAGE.read_text(encoding="utf-8")).substitute(
        title=_("里坊密钥（纸质副本）"),
        warn=_("谁拿到这张纸和一份备份，谁就能读出全部居民信息。放进信封封好，锁进保险柜。"),
        facts=_("实例 {home} · 密钥指纹 {print} · {day} 打印",
                home=home, print=print_, day=f"{clock.today():%Y-%m-%d}"),
        lines="\n".join(lines),
        code=code,
        alt=_("密钥的二维码"),
        how=_("需要时：把四行（或扫码得到的文字）存成一个文本文件，运行 lifang keys import 文件。"
              "字母不分大小写，空格可有可无；每行末尾四个字母里有校验，抄错会指出是哪一行。"),
        safe=_("不要把它和备份放在一起，不要拍照，不要发送。打印后删除这个文件。"),
        sign=_("保管人：＿＿＿＿＿＿　　存放地点：＿＿＿＿＿＿　　日期：＿＿＿＿＿＿"),
    )  # fmt: skip
