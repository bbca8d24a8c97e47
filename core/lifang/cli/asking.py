"""Questions before what should not be done by a slip."""

from __future__ import annotations

import sys

import click

from lifang.kit.errors import Malformed


def ask(question: str, otherwise: str) -> None:
    """Go on only after a yes; where nobody can answer, raise Malformed with what to say instead."""
    if not sys.stdin.isatty():
        raise Malformed(otherwise)
    click.confirm(question, abort=True, err=True)
