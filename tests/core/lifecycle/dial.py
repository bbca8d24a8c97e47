"""A plugin with settings of every kind, and ways to set them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit import clock
from lifang.lifecycle import dated
from lifang.plugins.plugin import Plugin
from lifang.plugins.setting import Setting
from lifang.plugins.tables import Activation, PluginRow, bump_epoch
from lifang.services.instance import Instance
from lifang.testing.world import CITY

BASIS = "兰政办发〔2026〕8号"
JULY, SEPTEMBER, NEXT_YEAR = dt.date(2026, 7, 1), dt.date(2026, 9, 1), dt.date(2027, 1, 1)

hours: Setting[int] = Setting(
    "hours", int, "每日上限", default=8, minimum=1, maximum=24, unit="小时", help="每人每天",
    presets={"lax-2024": 12, "strict-2025": 4},
)  # fmt: skip
stars: Setting[list[int]] = Setting(
    "stars", list, "星级时长", default=[100, 300], presets={"strict-2025": [200, 600]}
)
motto: Setting[str] = Setting("motto", str, "口号", default="众人的事众人商量")
opens: Setting[dt.date] = Setting("opens", dt.date, "开始日期", default=JULY)
checked: Setting[bool] = Setting("checked", bool, "须复核", default=False)
token: Setting[str] = Setting("token", str, "接口密钥", default="", secret=True)
SETTINGS = (hours, stars, motto, opens, checked, token)


def declared(*settings: Setting[Any], id: str = "dial") -> Plugin:
    return Plugin(id, "旋钮", settings=settings or SETTINGS, folder=Path(__file__).parent)


def turn_on(instance: Instance, *settings: Setting[Any], id: str = "dial", at: str = CITY) -> None:
    """Let the plugin be there and on at a place, as if its package were installed."""
    instance.plugins.register(declared(*settings, id=id))
    with instance.database.transaction():
        told = {"label": "旋钮", "version": "1.0", "state": "installed"}
        PluginRow.create(name=id, changed_at=clock.now(), **told)
        Activation.create(plugin=id, community=node(at), on=True, changed_at=clock.now())
        bump_epoch()
    instance.plugins.refresh()


def node(code: str) -> Community:
    return Community.get(Community.code == code)


def put(
    caller: Caller, at: str | None, since: dt.date | None = None, *, id: str = "dial", **more: Any
) -> None:
    """Set some settings, by their names; what is no name of one belongs to the decree."""
    words = ("preset", "lock", "approved_by")
    options = {name: more.pop(name) for name in words if name in more}
    basis = more.pop("basis", BASIS)
    dated.configure(caller, id, more, dated.Decree(basis, at, since, **options))
