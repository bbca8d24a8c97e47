"""The line to the broker: one event loop in a thread of its own, shared by a process's threads.

A connection that was lost is made anew when somebody needs it, and then the stream is looked at
again: meanwhile it may have lost what it held.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
import threading
import time
from collections import deque
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext, errors
from nats.js.api import ConsumerConfig, DeliverPolicy, StorageType, StreamConfig, StreamInfo

import lifang as lf

CONNECT, ANSWER = 2.0, 5.0  # seconds to wait for a connection, and for an answer
PING = 5  # seconds; a broker that leaves two unanswered is given up
CALL = 3 * CONNECT + 3 * ANSWER  # seconds a thread waits at most
HOLD_OFF = 0.5  # seconds in which the others need not try what has just failed
LOOK_AGAIN = 60.0  # seconds after which the stream is looked at though nothing seems wrong
DUPLICATES = 600.0  # seconds in which the broker itself drops what comes twice
LOOK_BACK = dt.timedelta(days=28)  # of what is older it is no longer known whether it was taken in
AT_ONCE, LINGER, CONFIRM = 32, 1.0, 10.0  # messages of one look, and seconds of waiting for them

ROOT = "lifang"

T = TypeVar("T")


class Line:
    """One broker and one stream there; every method may be called from any thread.

    All of them raise `lf.Away` while the broker does not answer or refuses. `unread` are messages
    that were fetched and not taken in yet, `failures` how often the first of them has failed;
    `met` is the stream that was met here before.
    """

    def __init__(self, address: str, stream: str, days: int) -> None:
        """Start the thread; nothing is connected yet."""
        self.stream, self.met, self.place = stream, "", shown(address)
        self.unread, self.failures = deque[Msg](), 0
        secret, _at, _place = urlsplit(address).netloc.rpartition("@")
        self._address = self.place.replace("***@", "")
        self._credentials, self._days = _credentials(secret), days
        self._nc: Client | None = None
        self._refused: tuple[float, BaseException] | None = None
        self._consumers: dict[str, JetStreamContext.PullSubscription] = {}
        self._confirmed: dict[str, float] = {}
        self._made, self._lost, self._looked, self._last = "", "", 0.0, 0
        self._loop, self._opening = asyncio.new_event_loop(), asyncio.Lock()
        self._thread = threading.Thread(target=self._loop.run_forever, name="nats", daemon=True)
        self._thread.start()

    def made(self) -> str:
        """Tell this stream from every other of its name, and from itself before it lost something.

        A stream that is missing is made.
        """
        if self._nc is None or not self._nc.is_connected or self._due():
            self._call(self._look())
        return self._made

    def publish(self, subject: str, body: bytes, headers: dict[str, str]) -> None:
        """Have a message stored; raises `lf.Dead` for one that is larger than the broker takes."""
        try:
            self._call(self._publish(subject, body, headers))
        except nats.errors.MaxPayloadError as error:
            told = lf._("{place} 不收这么大的消息：{n} 字节", place=self.place, n=len(body))
            raise lf.Dead(told) from error

    def fetch(self, subject: str, durable: str, seconds: float = LINGER) -> list[Msg]:
        """Wait for messages that a durable consumer has not seen acknowledged; perhaps none."""
        return self._call(self._fetch(subject, durable, seconds))

    def acknowledge(self, message: Msg) -> None:
        """Say that a message was taken in; where that gets lost, it comes again and is known."""
        with suppress(lf.Away):
            self._call(message.ack())

    def close(self) -> None:
        """Hang up."""
        if self._nc is not None:
            with suppress(lf.Away):
                self._call(self._nc.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ANSWER)
        self._loop.close()

    def _due(self) -> bool:
        return time.monotonic() > self._looked + LOOK_AGAIN

    def _call(self, doing: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(doing, self._loop)
        try:
            return future.result(CALL)
        except nats.errors.MaxPayloadError:
            raise
        except (nats.errors.Error, OSError, CancelledError) as error:
            future.cancel()
            slow = isinstance(error, CancelledError)
            raise lf.Away(because(self.place, TimeoutError() if slow else error)) from error

    async def _connected(self) -> Client:
        async with self._opening:
            if self._nc is not None and self._nc.is_connected:
                return self._nc
            if self._refused and time.monotonic() < self._refused[0]:
                raise self._refused[1]
            self._nc, self._consumers, self._looked = await self._connect(), {}, 0.0
            return self._nc

    async def _connect(self) -> Client:
        """Try once; what the client says in the end hides what was wrong at first."""
        wrong = list[Exception]()
        fresh = _Guarded() if self._address.startswith("tls:") else Client()

        async def noticed(error: Exception) -> None:
            wrong.append(error)

        try:
            await fresh.connect(
                self._address,
                name="lifang",
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=int(CONNECT),
                ping_interval=PING,
                max_outstanding_pings=2,
                error_cb=noticed,
                **self._credentials,
            )
        except (nats.errors.Error, OSError) as error:
            self._refused = time.monotonic() + HOLD_OFF, (wrong or [error])[0]
            with suppress(TimeoutError):  # it waits for ever for a handshake that failed
                await asyncio.wait_for(fresh.close(), CONNECT)
            raise self._refused[1] from None
        return fresh

    async def _look(self) -> None:
        """Look whether the stream is there, and still holds the last message it confirmed."""
        js, last = (await self._connected()).jetstream(timeout=ANSWER), self._last
        try:
            info = await js.stream_info(self.stream)
        except errors.NotFoundError:
            info = await self._make(js)
        if info.state.last_seq < last:  # others publish beside this: only what was before counts
            self._lost, self._last = f"/{last}", info.state.last_seq
        self._made, self._looked = f"{info.created}{self._lost}", time.monotonic()

    async def _make(self, js: JetStreamContext) -> StreamInfo:
        config = StreamConfig(
            name=self.stream,
            subjects=[f"{ROOT}.>"],
            storage=StorageType.FILE,
            max_age=self._days * 86_400.0,
            duplicate_window=DUPLICATES,
        )
        try:
            return await js.add_stream(config)
        except errors.BadRequestError:  # another instance may have made it just now, in its way
            return await js.stream_info(self.stream)

    async def _publish(self, subject: str, body: bytes, headers: dict[str, str]) -> None:
        js = (await self._connected()).jetstream(timeout=ANSWER)
        if self._looked == 0.0:
            await self._look()
        if self._made != self.met:  # made anew since the caller looked: the old comes first
            raise errors.Error(description=f"{self.stream}: {self._made}")
        last = self._last
        try:
            stored = await js.publish(subject, body, stream=self.stream, headers=dict(headers))
        except errors.Error:
            self._looked = 0.0  # it may be gone
            raise
        if stored.duplicate:
            return
        if stored.seq <= last:
            self._looked = 0.0  # it counts anew: is it the same stream?
        else:
            self._last = max(self._last, stored.seq)

    async def _fetch(self, subject: str, durable: str, seconds: float) -> list[Msg]:
        nc = await self._connected()
        try:
            if subject not in self._consumers:
                self._consumers[subject] = await _consumer(nc, subject, durable)
                self._confirmed[subject] = time.monotonic()
            consumer = self._consumers[subject]
            try:
                return await consumer.fetch(AT_ONCE, timeout=seconds)
            except TimeoutError:
                if time.monotonic() > self._confirmed[subject] + CONFIRM:
                    await consumer.consumer_info()  # it may be gone with its stream
                    self._confirmed[subject] = time.monotonic()
                return []
        except (nats.errors.Error, OSError):
            self._consumers.pop(subject, None)
            raise


class _Guarded(Client):
    """A client that tells nothing to a broker that does not encrypt: the usual one trusts it."""

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:  # noqa: FBT001, FBT002 – as the client calls it
        if initial_connection and not info.get("tls_required"):
            raise ssl.SSLError(1, "the broker does not offer TLS")
        await super()._process_info(info, initial_connection)


def shown(address: str) -> str:
    """Where a broker is, as people are told: no user, password or token."""
    scheme, _colon, rest = address.partition("://")
    secret, _at, place = rest.rpartition("@")
    return f"{scheme}://{'***@' if secret else ''}{place}"


def because(place: str, error: BaseException) -> str:
    """Why a broker cannot be used and what to do; behind it what it said itself, where it did."""
    said = str(error) or type(error).__name__
    match error:
        case errors.ServiceUnavailableError() | nats.errors.NoRespondersError():
            why = lf._("它没有启用 JetStream；请在它的设置里启用")
        case ssl.SSLError():
            why = lf._("加密的连接没有建立，{why}；broker 也许应写 nats:// 而不是 tls://",
                       why=lf.Away.why(error))  # fmt: skip
        case nats.errors.Error() if "authorization" in said.lower():
            why = lf._("用户名、密码或令牌不对；请核对 lifang.toml 里的 broker")
        case OSError():
            why = lf._("连不上，{why}；请确认它在运行，地址和端口没有写错，防火墙放行",
                       why=lf.Away.why(error))  # fmt: skip
            return lf._("消息服务 {place}：{why}", place=place, why=why)
        case _:
            why = lf._("它断开了，或者拒绝了；它在运行的话，请看它的日志")
    return lf._("消息服务 {place}：{why}（{said}）", place=place, why=why, said=said)


async def _consumer(nc: Client, subject: str, durable: str) -> JetStreamContext.PullSubscription:
    js = nc.jetstream(timeout=ANSWER)
    stream = await js.find_stream_name_by_subject(subject)
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.BY_START_TIME,
        opt_start_time=lf.now() - LOOK_BACK,
        ack_wait=30.0,
        max_ack_pending=4 * AT_ONCE,
    )
    return await js.pull_subscribe(subject, durable=durable, stream=stream, config=config)


def _credentials(secret: str) -> dict[str, Any]:
    """What an address says before its @, as the client takes it: a token, or user and password."""
    user, colon, password = map(unquote, secret.partition(":"))
    if colon:
        return {"user": user, "password": password}
    return {"token": user} if user else {}


_lines: dict[tuple[str, str, int], Line] = {}
_making = threading.Lock()


def line_of(caller: lf.Caller) -> Line:
    """The line that the instance's settings name; raises `lf.Away` where they name none."""
    told = caller.instance.settings
    if told.broker is None:
        raise lf.Away(lf._("没有设置消息服务；请在 lifang.toml 里写 broker"))
    key = (told.broker, told.broker_stream, told.broker_days)
    with _making:
        if key not in _lines:
            _lines[key] = Line(*key)
        return _lines[key]


def hang_up() -> None:
    """Close every line of this process."""
    with _making:
        while _lines:
            _lines.popitem()[1].close()
