"""The dispatcher's process: `lifang worker`, or the child that `lifang serve` looks after."""

from __future__ import annotations

import os
import signal
import sys
import threading
from functools import partial

from lifang.app.generations import Generations
from lifang.app.instance import open_instance
from lifang.app.logs import log_to_stderr
from lifang.app.parent import leave_with
from lifang.kit.errors import LifangError
from lifang.lifecycle import stored, switching
from lifang.plugins.manager import discover
from lifang.upkeep.working import Worker


def work(*, parent: int | None = None) -> None:
    """Deliver events and seal the audit trail until SIGTERM or SIGINT, then finish and return.

    When the code of a plugin has to be loaded anew it finishes too, and begins again by itself.
    As the child of a server it leaves the terminal's SIGINT to that one, and ends when it ends.
    """
    if parent is not None:
        leave_with(parent)
    instance = open_instance(load_plugins=False)
    log_to_stderr(instance.settings.log_level)
    generations = Generations(instance.database)  # before any plugin is loaded
    with instance.database.connection():
        instance.plugins.refresh()
        stored.keep_current(instance, discover())
    worker = Worker(instance, {"suspensions": partial(switching.resume_due, instance)})
    renewed = threading.Event()

    def renew() -> None:
        renewed.set()
        worker.stop()

    generations.watch(renew)
    signal.signal(signal.SIGTERM, lambda *_told: worker.stop())
    signal.signal(
        signal.SIGINT, signal.SIG_IGN if parent is not None else lambda *_told: worker.stop()
    )
    try:
        worker.run()
    finally:
        instance.close()
    if renewed.is_set():  # the same process begins anew, with the words it was begun with
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 – ourselves


if __name__ == "__main__":
    try:
        work(parent=int(sys.argv[1]))
    except LifangError as error:
        sys.stderr.write(f"{error.sentence}\n")
        sys.exit(error.exit_code)
