"""Exports on their way to a file or a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from lifang.cli.session import Session
from lifang.kit.errors import NotReady
from lifang.kit.words import _
from lifang.resources.resource import Resource
from lifang.services import exchange
from lifang.services.query import Query


def export(
    session: Session, resource: Resource[Any], query: Query, form: str, output: str | None
) -> None:
    """Write what may be exported; a file is readable by its owner only, for it holds people."""
    pieces = exchange.export(session.caller_for(resource), resource, query, form=form)
    if output is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        if form == "json":
            sys.stdout.buffer.write(b"\n")
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
        why = error.strerror or str(error)
        raise NotReady(_("写不了 {file}：{why}", file=file, why=why)) from error
