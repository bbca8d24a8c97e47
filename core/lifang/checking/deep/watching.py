"""Looks on while a plugin is imported: files, environment, network, processes, threads, output."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from lifang.checking.deep.subject import Subject
from lifang.checking.rule import Hits, Spot, hit, rule

WATCHED = """
    socket. subprocess. os.exec os.fork os.posix_spawn os.spawn os.system os.remove os.rename
    os.mkdir os.rmdir os.putenv os.unsetenv os.kill os.chmod os.chown os.symlink os.link
    os.truncate shutil. urllib. ftplib. smtplib. sqlite3.connect _thread.start_new_thread
    signal. tempfile.mk
"""
"""Events of Python's audit that act on the world (`sys.addaudithook`)."""
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Watch:
    """What was done to the world, each with what and where; on while `looking`."""

    def __init__(self, package: str) -> None:
        """Know whose files count as the plugin's; a hook stays for as long as the process."""
        self.package, self.looking = package, False
        self.found: list[tuple[str, str]] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.looking:
            return
        self.looking = False  # what looking itself does is nobody's doing
        try:
            told = f"open {arguments[0]!r}" if event == "open" else event
            if self._acts(event, arguments) and (where := self._where()):
                self.found.append((told, where))
        finally:
            self.looking = True

    def _acts(self, event: str, arguments: tuple[Any, ...]) -> bool:
        if event == "open":
            path, mode, flags = arguments
            compiled = "__pycache__" in str(path) or str(path).endswith((".pyc", ".mo"))
            writes = bool(flags & WRITES) if isinstance(flags, int) else "w" in str(mode)
            return writes and not compiled and str(path) != os.devnull
        return event.startswith(tuple(WATCHED.split()))

    def _where(self) -> str | None:
        """The line of the plugin that did it, or None where it is not in the stack."""
        part = f"/{self.package}/"
        for frame in reversed(traceback.extract_stack()):
            if part in frame.filename.replace(os.sep, "/"):
                below = frame.filename.replace(os.sep, "/").rpartition(part)[2]
                return f"{self.package}/{below}:{frame.lineno}"
        return None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look on: also at what is said, and at threads, signals and variables afterwards."""
        threads, variables = set(threading.enumerate()), dict(os.environ)
        handlers = {one: signal.getsignal(one) for one in signal.valid_signals()}
        cwd, said = Path.cwd(), io.StringIO()
        self.looking = True
        try:
            with redirect_stdout(said), redirect_stderr(said):
                yield
        finally:
            self.looking = False
            unnamed = f"{self.package}/plugin.py:1"
            new = set(threading.enumerate()) - threads
            changed = [one for one, kept in handlers.items() if signal.getsignal(one) != kept]
            for what, seen in {
                f"output {said.getvalue()[:40]!r}": bool(said.getvalue()),
                f"threads {sorted(one.name for one in new)}": bool(new),
                f"signal {changed}": bool(changed),
                "environment": dict(os.environ) != variables,
                "working folder": Path.cwd() != cwd,
            }.items():
                if seen and not any(what.split()[0] in one for one, _where in self.found):
                    self.found.append((what, unnamed))


@rule("LF701", tier=1, deep=True)
def runs(subject: Subject) -> Hits:
    """It can be imported, installed and switched on; whoever could not would not be asked."""
    if subject.plugin.id != subject.source.id:
        yield hit(subject.spot(), why=subject.plugin.id)


@rule("LF702", tier=2, deep=True)
def importing_does_nothing(subject: Subject) -> Hits:
    """Nothing was written, sent, started or said while it was imported."""
    for what, where in dict(subject.effects).items():
        path, _colon, line = where.rpartition(":")
        yield hit(Spot(path, int(line)), what=what)
