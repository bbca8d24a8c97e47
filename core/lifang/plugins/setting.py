"""What districts turn: a plugin's settings, each with a day it holds from and what it rests on."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from lifang.entities.community import Community
from lifang.kit import clock, text
from lifang.kit.errors import NotReady
from lifang.kit.words import _, n_
from lifang.plugins import said
from lifang.plugins.said import Word

if TYPE_CHECKING:
    from lifang.entities.caller import Caller

T = TypeVar("T")

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
YES = {"yes": True, "true": True, "是": True, "no": False, "false": False, "否": False}
KINDS = {
    int: n_("整数"),
    bool: n_("是或否"),
    str: n_("文字"),
    dt.date: n_("日期，例如 2026-09-01"),
    list: n_("整数，用逗号隔开"),
}


COVERED = "***"
"""What is kept and shown of a secret."""
LONGEST = 4_000
"""Characters of a value."""


@dataclass
class Setting(Generic[T]):
    """A local rule that a district sets for part of its tree, from a day on.

    `kind` is int, bool, str, datetime.date or list (of whole numbers); `choices` are the words it
    may be, with their labels; `presets` are values that are known from somewhere, by the name that
    several settings of the plugin share (`foshan-2022`). Laws are no settings: they are constants.
    One without a default must be set before its plugin is switched on. A `secret` is a text that
    nobody is shown again; its default is none, or "" where it may be left out.

    Called with a community and a day, it gives its value there and then: the nearest node's own,
    what a node above has locked, or the default. Many calls cost no more questions than one.
    """

    name: str
    kind: type
    label: str
    default: T | None = None
    help: str = ""
    unit: str = ""
    minimum: int | None = None
    maximum: int | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    presets: Mapping[str, T] = field(default_factory=dict)
    secret: bool = False
    plugin: str = ""

    def of(self, plugin: str) -> Setting[T]:
        """Belong to a plugin; raises ValueError for a declaration that contradicts itself."""
        if not NAME.fullmatch(self.name) or self.kind not in KINDS:
            raise ValueError(f"setting {self.name!r}: a name in small letters, one of {KINDS}")
        told = (self.kind, self.default or "", self.choices, self.presets)
        if self.secret and told != (str, "", {}, {}):
            raise ValueError(f"setting {self.name}: a secret is a text, and none of it is in here")
        given = () if self.required or self.secret else (cast(T, self.default),)
        for value in (*given, *self.presets.values()):
            try:
                self.read(self.written(value))
            except ValueError as error:
                raise ValueError(f"setting {self.name} cannot be {value!r}: {error}") from None
        self.plugin = plugin
        return self

    @property
    def required(self) -> bool:
        """Whether it has no value before somebody gives it one."""
        return self.default is None

    def __call__(self, at: Community | int, on: dt.date | None = None) -> T:
        """Its value at a community on a day, today by default; NotReady where none was ever set."""
        if self.secret:
            raise TypeError(f"{self.name} is a secret: reveal(caller, community) gives it")
        word = self.word(at, on)
        return self.read(cast(str, word.value)) if word else self._by_default()

    def reveal(self, caller: Caller, at: Community | int, on: dt.date | None = None) -> str:
        """The secret of a community on a day, for the plugin that hands it on and keeps it nowhere.

        Raises NotReady where none was ever set, or where it was moved from another place.
        """
        word = self.word(at, on)
        if word is None:
            return str(self._by_default())
        try:
            return caller.instance.keys.unlock(
                bytes(word.sealed or b""), self.place(word.node)
            ).decode()
        except KeyError:
            raise NotReady(_("「{label}」无法解密；请重新设置", label=_(self.label))) from None

    def place(self, node: int) -> str:
        """What a secret is bound to: at another node, or under another name, it does not open."""
        return f"core_setting|{self.plugin}.{self.name}|{node}"

    def _by_default(self) -> T:
        if self.default is None:
            told = {"label": _(self.label), "key": f"{self.plugin}.{self.name}"}
            raise NotReady(_("「{label}」（{key}）还没有设置", **told))
        return self.default

    def word(self, at: Community | int, on: dt.date | None = None) -> Word | None:
        """The word that decides at a community on a day, today by default; None by default."""
        told = said.words(self.plugin, self.name)
        if not told:
            return None
        day = on or clock.today()
        there = (said.holding(told.get(node, ()), day) for node in said.above(at, day))
        return deciding([word for word in there if word])

    def read(self, said: str) -> T:
        """Read a value as somebody wrote it; raises ValueError, saying what would be right."""
        if len(said) > LONGEST:
            raise ValueError(self.right())
        try:
            value = self._read(said.strip())
        except ValueError:
            raise ValueError(self.right()) from None
        numbers = value if isinstance(value, list) else [value] if self.kind is int else []
        low, high = self.minimum, self.maximum
        if any((low is not None and n < low) or (high is not None and n > high) for n in numbers):
            raise ValueError(self.right())
        return cast(T, value)

    def _read(self, said: str) -> Any:
        if self.kind is bool:
            if said.lower() not in YES:
                raise ValueError
            return YES[said.lower()]
        if self.kind is list:
            return [int(one) for one in re.split("[,，]", said) if one.strip()]
        if self.kind is dt.date:
            return dt.date.fromisoformat(said)
        if self.kind is int:
            return int(said)
        if not said or (self.choices and said not in self.choices):
            raise ValueError
        return said if self.secret and said.isprintable() else text.clean_paragraph(said)

    def written(self, value: T) -> str:
        """A value as it is written and kept."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, list):
            return ",".join(map(str, value))
        return str(value)

    def options(self) -> list[tuple[str, str]]:
        """The words it may be and how people read them, where they are few."""
        if self.kind is bool:
            return [("yes", _("是")), ("no", _("否"))]
        return [(word, _(label)) for word, label in self.choices.items()]

    def right(self) -> str:
        """What may be said."""
        told = _(KINDS[self.kind])
        if self.choices:
            known = self.options()
            told = _("、").join(_("{name}（{key}）", name=w, key=label) for w, label in known)
        low, high = self.minimum, self.maximum
        if low is not None and high is not None:
            told += _("，{low} 到 {high}", low=low, high=high)
        elif low is not None:
            told += _("，不小于 {low}", low=low)
        elif high is not None:
            told += _("，不大于 {high}", high=high)
        return told


def deciding(words: list[Word]) -> Word | None:
    """Of what holds at some nodes, the nearest first: the highest lock, else the nearest value."""
    saying = [word for word in words if word.value is not None]
    locked = [word for word in saying if word.locked]
    return locked[-1] if locked else saying[0] if saying else None
