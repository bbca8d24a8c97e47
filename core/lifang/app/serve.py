"""`lifang serve`: the web server and its one dispatcher, started, watched and stopped together."""

from __future__ import annotations

import contextvars
import errno
import fcntl
import http.client
import ipaddress
import logging
import multiprocessing
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from typing import Any

from lifang.app.dispatcher import Dispatcher
from lifang.app.generations import Generations
from lifang.app.instance import database_of, opened
from lifang.app.logs import log_to_stderr
from lifang.app.parent import leave_with
from lifang.app.safety import Starts
from lifang.app.signals import Stop, stop_once
from lifang.app.worker import work
from lifang.kit import settings
from lifang.kit.causes import why
from lifang.kit.errors import Conflict, Invalid, NotReady
from lifang.kit.settings import Settings
from lifang.kit.words import _

THREADS = 16
"""Requests one web process works on at once; SQLite has one writer, and reading is quick."""

GRACE = 10
READY = 60.0  # seconds in which the web server must answer
CHANCES, STEADY = 3, 60.0
"""How often the web server may fail before it is given up, each time within so many seconds."""

log = logging.getLogger("lifang.serve")


def serve(
    *,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    worker: bool = True,
    safe: bool = False,
    strict: bool = False,
) -> None:
    """Serve the instance of LIFANG_HOME until SIGTERM or SIGINT; without `worker`, pages only.

    With `safe`, no plugin is loaded; so it is by itself after three starts in a row that failed.
    With `strict`, the first error of a plugin is told as one of the whole.
    Raises Conflict while another server works on the folder or the port is taken, Invalid for an
    address from which unencrypted pages would leave this machine, NotReady where the instance or
    its web processes cannot start.
    """
    if strict:
        os.environ["LIFANG_STRICT"] = "1"  # the processes that are started from here are so too
    told = settings.load()
    told = replace(
        told, host=host or told.host, port=port or told.port, workers=workers or told.workers
    )
    _demand_loopback(told)
    with opened(told.home, load_plugins=False):
        pass  # what is wrong with the folder, its key or its tables is said before anything starts
    with alone(told):
        _demand_free(told)
        log_to_stderr(told.log_level)
        Starts(told).begin(safe=safe)
        with opened(told.home):
            pass  # a plugin that ends the process does so here, and was counted
        os.environ["LIFANG_HOME"] = str(told.home)
        with closing(database_of(told)) as database:
            generations = Generations(database)
            with Dispatcher(told.home) if worker else nullcontext():
                _serve(told, generations)


def address_of(told: Settings) -> str:
    """The address to type into a browser."""
    host = f"[{told.host}]" if ":" in told.host else told.host
    return f"http://{host}:{told.port}/"


def _demand_loopback(told: Settings) -> None:
    if told.allow_http or told.trusted_proxies or told.host == "localhost":
        return
    try:
        if ipaddress.ip_address(told.host).is_loopback:
            return
    except ValueError:
        pass  # a name: where it leads may change at any time
    raise Invalid(
        _(
            "{host} 可从其他电脑访问，而这里的页面不加密；请监听 127.0.0.1，在前面架设 https 代理。"
            "代理在另一台机器上时，把它的地址写进 trusted_proxies；"
            "只在可信的内部网络中才设置 allow_http = true",
            host=told.host,
        )
    )


@contextmanager
def alone(told: Settings) -> Iterator[None]:
    """Be the only server on a folder: the lock falls with the process, however it ends."""
    path = told.run / "serve.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(descriptor, 20).decode(errors="replace").strip() or "?"
            sentence = _("{home} 已有一个服务在运行（进程 {pid}）", home=told.home, pid=pid)
            raise Conflict(sentence) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def _demand_free(told: Settings) -> None:
    """Take the port for a moment: the web server would share it with whoever has it."""
    try:
        family, kind, _protocol, _name, place = socket.getaddrinfo(
            told.host, told.port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
    except OSError as error:
        raise Conflict(_port_sentence(told, error)) from None


def _port_sentence(told: Settings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return _("端口 {port} 已被其他程序占用；请用 --port 换一个", port=told.port)
    if error.errno == errno.EACCES:
        return _("没有使用端口 {port} 的权限；请换一个 1024 以上的端口", port=told.port)
    return _("不能监听 {host}：{why}", host=told.host, why=why(error))


def _serve(told: Settings, generations: Generations) -> None:
    """Run the web server until a signal, again if its processes were killed, but not for ever."""
    running: list[Any] = []
    generations.watch(lambda: running[-1].signal_handler_reload() if running else None)
    multiprocessing.set_start_method("spawn", force=True)  # nothing open is inherited
    _in_background(partial(_announce, told))
    stop, failures = Stop(), 0
    while failures < CHANCES:
        server, began = _server(told), time.monotonic()
        running[:] = [server]
        server.on_startup(lambda server=server: stop.then(server.signal_handler_interrupt))
        with suppress(SystemExit):  # how granian tells that a process died, also while it stops
            server.serve(target_loader=server.load, wrap_loader=False)
        if stop.heard:
            Starts(told).done()
            return
        failures = 1 if time.monotonic() - began > STEADY else failures + 1
        log.error("the web processes died and are started again")
        failures = 0 if Starts(told).begin() else failures
    raise NotReady(_("网站进程反复退出；原因见上面的日志"))


def _server(told: Settings) -> Any:
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from lifang.app.replacing import Web

    return Web(
        partial(_web, os.getpid(), told.log_level),
        target="lifang.app.wsgi:app",
        address=told.host,
        port=told.port,
        interface=Interfaces.WSGI,
        workers=told.workers,
        blocking_threads=THREADS,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE,
        log_level=LogLevels.error,
        log_dictconfig=_granian_log(),
    )


def _web(parent: int, log_level: str, ready: Any) -> Any:
    """Make the application inside a web process, and say when it is there."""
    stop_once()
    leave_with(parent)
    log_to_stderr(log_level)
    from lifang.app.wsgi import app

    ready.release()
    return app


def _granian_log() -> dict[str, Any]:
    """Let granian's own lines go where ours go."""
    return {"handlers": {}, "loggers": {"_granian": {"propagate": True}, "granian.access": {}}}


def _in_background(run: Callable[[], None]) -> None:
    """Run beside the server, in the language that is spoken here."""
    context = contextvars.copy_context()
    threading.Thread(target=lambda: context.run(run), daemon=True).start()


def _announce(told: Settings) -> None:
    """Say the address as soon as it answers."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(told.host, told.host)  # noqa: S104 – where it listens is not ours to choose
    end = time.monotonic() + READY
    while time.monotonic() < end:
        connection = http.client.HTTPConnection(host, told.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == http.client.OK:
                Starts(told).done()
                sys.stdout.write(_("里坊已就绪：{address}", address=address_of(told)) + "\n")
                sys.stdout.flush()
                _tell_systemd()
                return
        except (OSError, http.client.HTTPException):
            pass  # not yet
        finally:
            connection.close()
        time.sleep(0.1)


def _tell_systemd() -> None:
    """Say to the service manager, where one waits for it, that pages are answered."""
    if place := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sink, suppress(OSError):
            sink.sendto(b"READY=1", place.replace("@", "\0", 1))


__all__ = ["address_of", "serve", "work"]
