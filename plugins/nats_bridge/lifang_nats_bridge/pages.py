"""What the bridge says of itself: whether it can be switched on, whether its broker answers."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import lifang as lf
from lifang_nats_bridge.line import because, shown

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
        return [because(shown(broker), error)]
    return []


def _unset() -> str:
    return lf._("没有设置消息服务；请在 lifang.toml 里写 broker")
