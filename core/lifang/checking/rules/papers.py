"""What a plugin tells its readers: README, settings table, events, changelog."""

from __future__ import annotations

import re

from lifang.checking.rule import Hits, Spot, hit, rule
from lifang.checking.rules.packaging import readme
from lifang.checking.source import Source
from lifang.kit.words import n_

SECTIONS = {
    "Resource": ("Roles 角色", re.compile(r"^#+ .*(roles|角色|权限|permissions)", re.M | re.I)),
    "Setting": ("Settings 设置", re.compile(r"^#+ .*(settings|设置)", re.M | re.I)),
    "on": ("Events 事件", re.compile(r"^#+ .*(events|事件)", re.M | re.I)),
    "payload": ("Events 事件", re.compile(r"^#+ .*(events|事件)", re.M | re.I)),
}


@rule(
    "LF601",
    tier=3,
    says=n_("README 缺少「{section}」"),
    why=n_("决定要不要装的人只看 README：谁能做什么、发出和接收什么、能设什么。"),
    bad="# lifang-lost-and-found\n",
    good="# lifang-lost-and-found 失物招领\n\n## Roles 角色\n\n| role | may |\n|---|---|",
)
def readme_has_its_sections(source: Source) -> Hits:
    """The README is there and has a section for each concern that there is."""
    path, text = readme(source)
    if not re.search(r"^# ", text, re.M):
        yield hit(Spot(path), section="# …")
    told = {section for name, (section, pattern) in SECTIONS.items()
            if source.uses(name) and not pattern.search(text)}  # fmt: skip
    for section in sorted(told):
        yield hit(Spot(path), section=f"## {section}")


@rule(
    "LF602",
    tier=3,
    says=n_("README 的设置一节没有「{name}」"),
    why=n_("各区按 README 来设；没写的设置没有人知道，写了而没有的会让人白找。"),
    bad="## Settings 设置\n\n（没有表）",
    good="## Settings 设置\n\n| setting | default | says |\n|---|---|---|\n| `days` | 90 | 保管天数 |",
)
def settings_are_told(source: Source) -> Hits:
    """Every setting stands in the README's section, and none that does not exist."""
    path, text = readme(source)
    names = {use.value("name", 0) for use in source.uses("Setting")} - {None}
    if not names:
        return
    pattern = SECTIONS["Setting"][1]
    start = pattern.search(text)
    section = re.split(r"\n## ", text[start.start() :], maxsplit=1)[0] if start else ""
    line = text.count("\n", 0, start.start()) + 1 if start else 1
    told = set(re.findall(r"`([a-z][a-z0-9_]*)`", section))
    rows = set(re.findall(r"^\|\s*`([a-z][a-z0-9_]*)`", section, re.M))
    for name in sorted((names - told) | (rows - names)):
        yield hit(Spot(path, line), name=name)


@rule(
    "LF603",
    tier=4,
    severity="warning",
    says=n_("README 没有提到事件「{name}」"),
    why=n_("别的插件靠 README 知道能听什么；没写的事件，改的人不知道有人在听。"),
    bad='lf.payload("lost_and_found.item.returned", Returned)',
    good="| `lost_and_found.item.returned` | 失物归还；带 `person` |",
)
def events_are_told(source: Source) -> Hits:
    """Every declared event stands in the README, whole or by its last part."""
    path, text = readme(source)
    for use in source.uses("payload"):
        name = use.value("type", 0)
        if isinstance(name, str) and name not in text and f"`.{name.rpartition('.')[2]}`" not in text:
            yield hit(Spot(path), name=name)


@rule(
    "LF604",
    tier=3,
    says=n_("CHANGELOG 没有这一版：{version}"),
    why=n_("升级之前要知道改了什么；没有这一版的记录，就只能装上试。"),
    bad="## 0.1.0\n\n第一版。",
    good="## 0.2.0\n\n失物可以按地点查。",
)
def changelog_has_this_version(source: Source) -> Hits:
    """The changelog has a heading for the version that is there."""
    version = str(source.project.get("version") or "")
    if source.wheel is not None or not version:
        return  # a wheel carries no changelog
    found = [path for path in source.files if path.upper().startswith("CHANGE")]
    text = "\n".join(source.text(path) or "" for path in found)
    if not re.search(rf"^#+ .*(?<![\d.]){re.escape(version)}(?![\d.]*\d)", text, re.M):
        yield hit(Spot(found[0] if found else source.manifest_path), version=version)
