"""The console script: hands the command line what it works with, each imported when first used."""

from __future__ import annotations

import sys
from typing import Any


def main() -> None:
    """Run the command line and leave with its exit code."""
    from lifang.cli.main import run

    sys.exit(run(_hands))


def _hands() -> Any:
    from lifang.app import demo, instance, serve
    from lifang.cli.hands import Hands

    return Hands(
        opened=instance.opened,
        create=instance.create,
        serve=serve.serve,
        work=serve.work,
        migrate=instance.migrate_all,
        demo=demo.demo,
    )
