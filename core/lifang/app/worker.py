"""The dispatcher's process: `lifang worker`, or the child that `lifang serve` looks after."""

from __future__ import annotations

import signal
import sys
from functools import partial

from lifang.app.instance import open_instance
from lifang.app.logs import log_to_stderr
from lifang.app.parent import leave_with
from lifang.kit.errors import LifangError
from lifang.lifecycle import stored, switching
from lifang.plugins.manager import discover
from lifang.upkeep.working import Worker


def work(*, parent: int | None = None) -> None:
    """Deliver events and seal the audit trail until SIGTERM or SIGINT, then finish and return.

    As the child of a server it leaves the terminal's SIGINT to that one, and ends when it ends.
    """
    if parent is not None:
        leave_with(parent)
    instance = open_instance()
    log_to_stderr(instance.settings.log_level)
    with instance.database.connection():
        stored.keep_current(instance, discover())
    worker = Worker(instance, {"suspensions": partial(switching.resume_due, instance)})
    signal.signal(signal.SIGTERM, lambda *_told: worker.stop())
    signal.signal(
        signal.SIGINT, signal.SIG_IGN if parent is not None else lambda *_told: worker.stop()
    )
    try:
        worker.run()
    finally:
        instance.close()


if __name__ == "__main__":
    try:
        work(parent=int(sys.argv[1]))
    except LifangError as error:
        sys.stderr.write(f"{error.sentence}\n")
        sys.exit(error.exit_code)
