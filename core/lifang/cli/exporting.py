"""Exports on their way to a file or a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from lifang.cli.frame import Given
from lifang.cli.session import Session
from lifang.kit.causes import why
from lifang.kit.errors import Malformed, NotReady
from lifang.kit.words import _
from lifang.resources.resource import Resource
from lifang.services import exchange
from lifang.services.query import Query


def export(
    session: Session, resource: Resource[Any], query: Query, form: str, output: str | None
) -> None:
    """Write what may be exported; a file is readable by its owner only, for it holds people."""
    if form == "xlsx":
        demand_a_file(output)
    pieces = exchange.export(session.caller_for(resource), resource, query, form=form)
    hand_out(pieces, output)
    if output is None and form == "json":
        sys.stdout.buffer.write(b"\n")


def ledger(
    session: Session, resource: Resource[Any], query: Query, form: str, given: Given
) -> None:
    """Write a ledger to print, or for a system that takes it in."""
    output = given["output"]
    if form == "xlsx":
        demand_a_file(output)
    from lifang.mechanisms.registers import ledger as make

    caller, purpose = session.caller_for(resource), given["purpose"]
    hand_out(make(caller, resource, query, purpose=purpose, form=form), output)


def demand_a_file(output: str | None) -> None:
    """Raise Malformed where a spreadsheet would be written to a terminal."""
    if output is None and sys.stdout.isatty():
        raise Malformed(_("电子表格不能显示在终端上；请用 -o FILE.xlsx 写入文件"))


def hand_out(pieces: Iterable[bytes], output: str | None) -> None:
    """Write a file, or a pipe where none is named."""
    if output is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        return
    _write(Path(output), pieces)
    click.echo(_("已导出到 {file}", file=output), err=True)


def _write(file: Path, pieces: Iterable[bytes]) -> None:
    """Write beside the file and rename: an export that was cut short never looks whole."""
    part = file.with_name(f".{file.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as sink:
                for piece in pieces:
                    sink.write(piece)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise NotReady(_("写不了 {file}：{why}", file=file, why=why(error))) from error
