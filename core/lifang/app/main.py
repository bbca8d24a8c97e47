"""The console script: hands the command line what it works with, each imported when first used."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


def main() -> None:
    """Run the command line and leave with its exit code."""
    from lifang.cli.main import run

    sys.exit(run(hands))


def hands() -> Any:
    """The functions the command line is given; a command that serves nothing imports no server."""
    from lifang.cli.hands import Hands

    return Hands(
        opened=_later("instance", "opened"),
        create=_later("instance", "create"),
        serve=_later("serve", "serve"),
        work=_later("serve", "work"),
        migrate=_later("migrating", "migrate_all"),
        demo=_later("demo", "demo"),
        verify_backup=_later("restoring", "verify_backup"),
        restore=_later("restoring", "restore"),
        move=_later("moving", "move"),
        rotate=_later("rotating", "rotate"),
        check=_later("running", "check", layer="checking"),
        told=_later("telling", "told", layer="checking"),
        explain=_later("running", "explained", layer="checking"),
    )


def _later(module: str, name: str, *, layer: str = "app") -> Any:
    def call(*given: Any, **named: Any) -> Any:
        return getattr(import_module(f"lifang.{layer}.{module}"), name)(*given, **named)

    return call
