"""What webhooks say of themselves: which receivers have not answered for long."""

from __future__ import annotations

import datetime as dt

import lifang as lf
from lifang_webhooks.resources import endpoints

LONG = dt.timedelta(hours=1)


@lf.hookimpl
def health(caller: lf.Caller) -> list[str]:
    """Name each receiver that is sent to and has failed for an hour."""
    since = lf.now() - LONG
    return [
        lf._("接收地址「{name}」连续失败：{why}", name=one.name, why=one.problem)
        for one in lf.each(endpoints, caller, state="active")
        if one.failing_since is not None and one.failing_since < since
    ]
