"""What is translated where it is shown only, and a world in which all that is Chinese is ours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from lifang.builtin.accounts import accounts
from lifang.builtin.places import communities
from lifang.kit.words import using
from lifang.plugins.plugin import Plugin
from lifang.resources import action
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from lifang_dual_reporting.models.report import POLITICAL_STATUSES
from tests.core.needed import needed

CHINESE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\u3000-\u303f\uff00-\uffef]")
"""Chinese characters, and the punctuation that goes with them."""

SPOKEN = {
    "core": dict.fromkeys(action._LABELS.values(), "an input"),
    "agency_contracts": {
        "临期合同事项": "the title of a card",
        "服务对象意见": "what a settlement waits for",
        "验收结果公告": "what a settlement waits for",
        "承接主体确认数据交还或删除": "what a settlement waits for",
        "验收单": "the label of a document",
    },
    "dual_reporting": dict.fromkeys(
        (
            "已报到人数",
            "社区报到回执",
            "单位报到回执",
            "岗位名额",
            "年度评议反馈表",
            "单位年度评议反馈表",
            "服务（活动）记录卡",
            *POLITICAL_STATUSES.values(),
        ),
        "card, papers, places, political statuses",
    ),  # fmt: skip
    "volunteer_points": {
        "报名中的活动": "the title of a card",
        **dict.fromkeys(("件", "个"), "the unit of a ledger"),
        **dict.fromkeys(("库存", "班次名额"), "the label of a ledger, and of places"),
        **dict.fromkeys(("星级志愿者公示", "志愿服务证明公示"), "the label of a notice"),
        **dict.fromkeys(("志愿服务记录证明", "志愿服务平台记录"), "the label of a document"),
    },
}
"""By plugin, each with what it is."""


def peopled(instance: Instance, plugins: Iterable[Plugin]) -> None:
    """A city, a district and a community in it, with somebody who reports there, told in English;
    the plugins are on."""
    boss = world.boss(instance)
    above = None
    for code, name, kind in (
        (world.CITY, "City", "city"),
        (world.CHENGGUAN, "District", "district"),
        (world.HOME, "Home", "community"),
    ):
        told: dict[str, Any] = {"code": code, "name": name, "kind": kind}
        write(communities, "create", boss, told | ({"parent": {"code": above}} if above else {}))
        above = code
    for plugin in plugins:
        world.enable(instance, plugin.id, at=world.CHENGGUAN, **needed(plugin.id))
    person = world.person(instance, "Li Qiang", phone="13800001234")
    unit = world.organization(instance, "Library", no_uscc_reason="branch")
    reports = instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    data = {"person": person.id, "organization": unit.id, "community": {"code": world.HOME}}
    made = write(reports, "create", world.boss(instance), data)
    with using("en"):  # a paper stays as it was issued
        write(reports, "accept", world.boss(instance), {}, made.id)
    write(reports, "create", world.boss(instance), data | {"person": int(
        world.person(instance, "Wang Fang").id)})  # fmt: skip
    write(accounts, "create", world.boss(instance), {"name": "li", "person": person.id})


COMMAND = re.compile(r"(?:lifang|git|pip|with)(?: [\w.-]+)+|\[Errno \d+\][^）]*")
"""What stands as it is typed, or as the system said it, in whatever language it is spoken of."""
SENTENCE = re.compile(r"(?<![\w./-])[A-Za-z][a-z']+(?: [a-z][a-z']+)+")
"""Two English words and more in a row: a name or the word of a programmer stands alone."""


def astray(text: str, language: str) -> list[str]:
    """The lines of a text that are not in a language; commands and data stand as they are."""
    wrong = CHINESE if language == "en" else SENTENCE
    return [line for line in text.splitlines() if wrong.search(COMMAND.sub("", line))]
