"""What the bridge says of itself: whether it can be switched on, whether its broker answers."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import lifang as lf

PATIENCE = 0.8  # seconds in which a broker answers that is there
PORT = 4222


@lf.hookimpl
def can_enable(caller: lf.Caller) -> list[str]:
    """Not before there is a broker to talk to."""
    return [] if caller.instance.settings.broker else [_unset()]


@lf.hookimpl
def health(caller: lf.Caller) -> list[str]:
    """Whether somebody listens where the broker should be; nothing is sent."""
    broker = caller.instance.settings.broker
    if broker is None:
        return [_unset()]
    place = urlsplit(broker)
    try:
        socket.create_connection((place.hostname, place.port or PORT), PATIENCE).close()
    except OSError as error:
        refused = isinstance(error, ConnectionRefusedError)
        why = lf._("对方拒绝连接") if refused else error.strerror or type(error).__name__
        where = f"{place.hostname}:{place.port or PORT}"
        return [lf._("消息服务 {where} 连不上：{why}", where=where, why=why)]
    return []


def _unset() -> str:
    return lf._("没有设置消息服务；请在 lifang.toml 里写 broker")
