"""What a plugin tells its readers: README, settings table, events, changelog."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lifang.checking.rule import Hits, Spot, hit, rule
from lifang.checking.rules.packaging import readme
from lifang.checking.source import Source, Use

SECTIONS = {
    "Resource": ("Roles 角色", re.compile(r"^#+ .*(roles|角色|权限|permissions)", re.M | re.I)),
    "Setting": ("Settings 设置", re.compile(r"^#+ .*(settings|设置)", re.M | re.I)),
    "on": ("Events 事件", re.compile(r"^#+ .*(events|事件)", re.M | re.I)),
    "payload": ("Events 事件", re.compile(r"^#+ .*(events|事件)", re.M | re.I)),
}


@rule("LF601", tier=3)
def readme_has_its_sections(source: Source) -> Hits:
    """The README is there and has a section for each concern that there is."""
    path, text = readme(source)
    if not re.search(r"^# ", text, re.M):
        yield hit(Spot(path), section="# …")
    told = {section for name, (section, pattern) in SECTIONS.items()
            if source.uses(name) and not pattern.search(text)}  # fmt: skip
    for section in sorted(told):
        yield hit(Spot(path), section=f"## {section}")


def _with_settings(source: Source) -> Mapping[str, str]:
    """The README with a row for every setting that its section does not name."""
    path, text = readme(source)
    start, end = _section(text)
    section = text[start:end].rstrip() or "\n## Settings 设置"
    rows = [
        _row(use) for use in source.uses("Setting") if f"`{use.value('name', 0)}`" not in section
    ]
    if not section.splitlines()[-1].startswith("|"):
        rows[:0] = ["", "| setting | default | says |", "|---|---|---|"]
    return {path: "\n".join([text[:start] + section, *rows]) + "\n" + text[end:]}


def _section(text: str) -> tuple[int, int]:
    """Where the section on settings begins and ends; both at the end where there is none."""
    found = SECTIONS["Setting"][1].search(text)
    start = found.start() if found else len(text)
    end = text.find("\n## ", start + 1)
    return start, len(text) if end < 0 else end


def _row(use: Use) -> str:
    default, unit = use.value("default", 3), use.value("unit") or ""
    shown = ", ".join(map(str, default)) if isinstance(default, list) else default
    shown = ("yes" if shown else "no") if isinstance(shown, bool) else shown
    told = "–" if shown is None else f"{shown} {unit}".strip()
    said = "；".join(one for one in (use.value("label", 2), use.value("help", 4)) if one)
    return f"| `{use.value('name', 0)}` | {told} | {said} |"


@rule("LF602", tier=3, fix=_with_settings)
def settings_are_told(source: Source) -> Hits:
    """Every setting stands in the README's section, and none that does not exist."""
    path, text = readme(source)
    start, end = _section(text)
    names = {str(use.value("name", 0)) for use in source.uses("Setting")}
    told = set(re.findall(r"`([a-z][a-z0-9_]*)`", text[start:end]))
    rows = set(re.findall(r"^\|\s*`([a-z][a-z0-9_]*)`", text[start:end], re.M))
    for name in sorted((names - told) | (rows - names if names else set())):
        yield hit(Spot(path, text.count("\n", 0, start) + 1), name=name)


@rule("LF603", tier=4, severity="warning")
def events_are_told(source: Source) -> Hits:
    """Every declared event stands in the README, whole or by its last part."""
    path, text = readme(source)
    for use in source.uses("payload"):
        name = use.value("type", 0)
        if (
            isinstance(name, str)
            and name not in text
            and f"`.{name.rpartition('.')[2]}`" not in text
        ):
            yield hit(Spot(path), name=name)


@rule("LF604", tier=3)
def changelog_has_this_version(source: Source) -> Hits:
    """The changelog has a heading for the version that is there."""
    version = str(source.project.get("version") or "")
    if source.wheel is not None or not version:
        return  # a wheel carries no changelog
    found = [path for path in source.files if path.upper().startswith("CHANGE")]
    text = "\n".join(source.text(path) or "" for path in found)
    if not re.search(rf"^#+ .*(?<![\d.]){re.escape(version)}(?![\d.]*\d)", text, re.M):
        yield hit(Spot(found[0] if found else source.manifest_path), version=version)
