"""Every key of lifang.toml, and every LIFANG_* variable."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docs.reference_pages.shared import Table, english, table
from lifang.kit.settings import FIRST_FILE, RESERVED
from lifang.kit.settings_keys import KEYS, variable
from lifang.plugins.plugin import Plugin

KEY = re.compile(r"# (\w+) = (.+)")
ELSEWHERE = {
    "LIFANG_AS": (
        "命令行以哪个账号的身份操作",
        "Account that acts on the command line, as `--as` says it",
    ),
    "LIFANG_CHROMIUM": ("测试用的浏览器程序", "Browser program that the tests of pages use"),
    "LIFANG_HOME": ("实例文件夹，默认 ./var", "Folder of the instance, by default ./var"),
    "LIFANG_SAFE": ("1：不载入任何插件", "1: no plugin is loaded"),
    "LIFANG_STRICT": (
        "1：插件的第一个错误就结束命令",
        "1: the first error of a plugin ends the command",
    ),
}
"""Variables that are no key of the file; a test finds one that is missing here."""


Keys = dict[str, tuple[str, str, str]]
"""What the file of a new instance tells of each key: a value, Chinese, English."""


def explained() -> Iterator[tuple[str, str, str, str]]:
    """Every key that the file of a new instance shows: key, value shown, Chinese, English."""
    notes: list[str] = []
    for line in FIRST_FILE.read_text("utf-8").splitlines():
        found = KEY.fullmatch(line)
        if found:
            yield found[1], found[2], *_both(notes)
        elif line.startswith("# "):
            notes.append(line[2:])
        elif not line:
            notes = []


def _both(notes: list[str]) -> tuple[str, str]:
    chinese = [one for one in notes if re.search("[\u4e00-\u9fff]", one)]
    return " ".join(chinese), " ".join(one for one in notes if one not in chinese)


def page(plugins: dict[str, Plugin]) -> Table:
    """Every key with its variable, and the variables that are no key."""
    told = {key: (value, zh, en) for key, value, zh, en in explained()}
    yield "# 配置 · Configuration"
    yield ""
    yield "实例文件夹里的 `lifang.toml`；改后重新启动。环境变量优先于文件，写错的键和值会被指出。"
    yield ""
    yield "`lifang.toml` in the folder of the instance; restart after a change. Variables outrank the file; a key or value that cannot be is named."
    yield "What districts turn without a restart are [settings](settings.md)."
    yield ""
    rows = [(f"`{key}`", _shown(told, key), *_meant(told, key)) for key in KEYS]
    yield from table("key", "in a new file", "中文", "English", rows=rows)
    yield "## 环境变量 · Variables"
    yield ""
    variables = {variable(key): (f"{key} 一项", f"the key {key}") for key in KEYS} | ELSEWHERE
    rows = [
        (f"`{name}`", *variables.get(name, ("", ""))) for name in sorted({*variables, *RESERVED})
    ]
    yield from table("variable", "中文", "English", rows=rows)


def _shown(told: Keys, key: str) -> str:
    return f"`{told[key][0]}`" if key in told else "–"


def _meant(told: Keys, key: str) -> tuple[str, str]:
    """What a key is for, and what it may say."""
    right = KEYS[key].right
    _value, chinese, meant = told.get(key, ("", "", ""))
    return f"{chinese.rstrip('！')}。值：{right}", f"{meant.rstrip('!')}. Value: {english(right)}"
