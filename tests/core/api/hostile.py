"""Files that nobody sends by mistake: what each would do to a careless reader stands beside it."""

from __future__ import annotations

import io
import json
import resource
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import xlsxwriter
from flask.testing import FlaskClient

from lifang.app.http import create_app
from lifang.services.workbook import TYPE
from lifang.testing import world
from tests.core.api.conftest import account, token

NOUNS = ("people", "communities")

HEAD = "name,community\n"
GOOD = f"{HEAD}张三,620102001001\n".encode()
SHEET = (
    b'<?xml version="1.0"?>%s<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/'
    b'2006/main"><sheetData>%s</sheetData></worksheet>'
)
LAUGHS = b'<!DOCTYPE x [<!ENTITY a0 "haha">%s]>' % b"".join(
    b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12)
)
OUTSIDE = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
CELL = b'<row r="1"><c r="A1" t="inlineStr"><is><t>%s</t></is></c></row>'
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
"""How a workbook with a password begins, and one of the last century."""


def workbook() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as made:
        page = made.add_worksheet()
        page.write_row(0, 0, ["name", "community"])
        page.write_row(1, 0, ["张三", "620102001001"])
    return out.getvalue()


def repacked(change: Callable[[str, bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook())) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, change(name, source.read(name)))
    return out.getvalue()


def with_sheet(body: bytes, dtd: bytes = b"") -> bytes:
    told = SHEET % (dtd, body)
    return repacked(lambda name, raw: told if "sheet1.xml" in name else raw)


def zipped(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, raw in files:
            packed.writestr(name, raw)
    return out.getvalue()


def bomb(size: int) -> bytes:
    """A sheet of blanks that inflates to `size` bytes."""
    out = io.BytesIO()
    blank = b" " * 1024 * 1024
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", b"<Types/>")
        with packed.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _piece in range(size // len(blank)):
                sheet.write(blank)
    return out.getvalue()


def locked() -> bytes:
    """A workbook whose entries say that they are encrypted."""
    raw = bytearray(workbook())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(mark)
        while at >= 0:
            raw[at + offset] |= 1
            at = raw.find(mark, at + 1)
    return bytes(raw)


def shared(text: bytes) -> bytes:
    return repacked(lambda name, raw: text if "sharedStrings" in name else raw)


def wide(count: int) -> bytes:
    return (",".join(f"c{number}" for number in range(count)) + "\n").encode()


FILES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "a mark and nothing": lambda: b"\xef\xbb\xbf",
    "a utf-16 mark and nothing": lambda: b"\xff\xfe",
    "blank lines": lambda: b"\n\r\n" * 9,
    "no column we know": lambda: b"x,y\n1,2\n",
    "no encoding": lambda: b"name\n\xff\xff\xff\n",
    "a picture": lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9,
    "a quote that never ends": lambda: b'name,community\n"' + b"x" * 8_000_000,
    "one endless cell": lambda: b"name\n" + b"x" * 8_000_000,
    "nul in a cell": lambda: GOOD.replace(b"\xe4", b"\0"),
    "only nul": lambda: bytes(5_000),
    "half of a pair in utf-16": lambda: b"\xff\xfe" + HEAD.encode("utf-16-le") + b"\x00\xd8,\x00",
    "an odd byte in utf-16": lambda: b"\xff\xfe" + HEAD.encode("utf-16-le") + b"x",
    "a pair written out in utf-8": lambda: HEAD.encode() + b"\xed\xa0\x80,1\n",
    "an old or locked workbook": lambda: OLE + bytes(4_096),
    "a locked workbook": locked,
    "half a workbook": lambda: workbook()[:-900],
    "a workbook without its list": lambda: workbook()[:-22],
    "four bytes of a workbook": lambda: b"PK\x03\x04",
    "an empty packet": lambda: b"PK\x05\x06" + bytes(18),
    "a packet that is no workbook": lambda: zipped(("a.txt", b"x"), ("b.txt", b"y")),
    "a packet that climbs": lambda: zipped(("../../etc/cron.d/x", b"x"), ("/etc/x", b"y")),
    "a document, no workbook": lambda: zipped(("word/document.xml", b"<w/>")),
    "no xml in the sheet": lambda: repacked(
        lambda name, raw: b"\xff\xfe\x00" if "sheet1" in name else raw
    ),
    "a sheet cut in the middle": lambda: with_sheet(b'<row r="1"><c r="A1" t="inlineStr"><is><t>'),
    "a sheet that laughs": lambda: with_sheet(CELL % b"&a11;", LAUGHS),
    "strings that laugh": lambda: shared(LAUGHS + b"<sst><si><t>&a11;</t></si></sst>"),
    "a sheet that looks outside": lambda: with_sheet(CELL % b"&e;", OUTSIDE),
    "a sheet of nests": lambda: with_sheet(b"<row>" * 200_000),
    "a cell at the end of the world": lambda: with_sheet(
        b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    ),
    "a string that is not there": lambda: with_sheet(
        b'<row r="1"><c r="A1" t="s"><v>99999999999</v></c></row>'
    ),
    "a cell that is nowhere": lambda: with_sheet(b'<row r="0"><c r="1A"><v>1</v></c></row>'),
    "one column too many": lambda: GOOD[:-1] + b",x\n",
    "two columns of one name": lambda: b"name,name,community\na,b,c\n",
    "no name for a column": lambda: b"name,,community\na,b,c\n",
    "too many rows": lambda: HEAD.encode() + b"x,1\n" * 200_001,
}
"""Each is refused with a sentence, at once, and without much memory."""

HEAVY: dict[str, Callable[[], bytes]] = {
    "a bomb": lambda: bomb(300_000_000),
    "a hundred thousand columns": lambda: wide(100_000) + b"x\n",
    "five thousand columns": lambda: wide(5_000) + b"x\n",
    "a header of commas": lambda: b"name" + b"," * 500_000 + b"\nx\n",
    "a column with a name of a hundred thousand letters": lambda: b"x" * 100_000 + b",b\nx,y\n",
    "a workbook's header of a megabyte": lambda: with_sheet(CELL % (b"x" * 1_000_000)),
    "a million rows": lambda: HEAD.encode() + b"x,1\n" * 1_900_000,
    "blank lines to the end": lambda: HEAD.encode() + b"\n" * 8_000_000 + b"x",
    "a row of commas": lambda: HEAD.encode() + b"," * 8_000_000 + b"x\n",
    "many packets": lambda: zipped(*((f"xl/{number}.xml", b"") for number in range(60_000))),
}
"""What costs a reader that holds a file whole."""


def main(folder: str, *names: str) -> None:
    """Send every file to an instance of our own and tell what was answered, and what it cost."""
    made = world.new_instance(Path(folder) / "home")
    instance = next(made)
    world.plant(instance)
    client = create_app(instance).test_client()
    worker = account(instance, "district_admin", at=world.CITY)
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(instance, worker)}"
    for noun in NOUNS:
        _send(client, noun, workbook())  # what is imported once
    for name in names:
        raw, before = (FILES | HEAVY)[name](), _memory()
        for noun in NOUNS:
            told = [name, noun, len(raw), *_send(client, noun, raw), _memory() - before]
            sys.stdout.write(json.dumps(told) + "\n")
    made.close()


def _memory() -> int:
    """Kilobytes this process ever took."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _send(client: FlaskClient, noun: str, raw: bytes) -> tuple[int, str, str, float]:
    """The status, type and sentence of an answer, and the best time of three."""
    kind = TYPE if raw.startswith(b"PK") else "text/csv"
    best = 60.0
    for _turn in range(3):
        started = time.process_time()
        answer = client.post(f"/api/v1/{noun}/import", data=raw, content_type=kind)
        best = min(best, time.process_time() - started)
        if best < 1:
            break
    told = answer.json or {}
    return answer.status_code, answer.mimetype, told.get("detail", ""), best


if __name__ == "__main__":
    main(*sys.argv[1:])
