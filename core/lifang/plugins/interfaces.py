"""What one plugin offers others by name and version, and what another needs of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lifang.kit.words import n_

NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})")

NOBODY = n_("需要接口 {name} {version}，没有插件提供它；请先安装提供它的插件")
NOT_THERE = n_("需要接口 {name} {version}，由插件 {provider} 提供；请先安装 {provider}")
BROKEN = n_("需要接口 {name} {version}，提供它的插件 {provider} 不能使用；请先解决它的问题")
TOO_OLD = n_("需要接口 {name} {version}，插件 {provider} 提供的是 {given}；请换用合适的版本")
CIRCLE = n_("插件互相需要，谁也不能先载入：{circle}；请让其中一个改用事件")


@dataclass(frozen=True)
class Provided:
    """An interface as its plugin declares it; `version` is major and minor."""

    name: str
    version: tuple[int, int]
    what: Any
    doc: str

    @property
    def written(self) -> str:
        """Its version as people write it."""
        return "{}.{}".format(*self.version)


class Need:
    """An interface a plugin needs; called, it gives what the provider declared.

    An optional one that nobody provides gives None, any other RuntimeError: before its plugin is
    loaded, or after the provider is gone.
    """

    def __init__(self, name: str, version: tuple[int, int], *, optional: bool) -> None:
        """Know what is needed; the manager of plugins finds who provides it."""
        self.name, self.version, self.optional = name, version, optional
        self.found: Provided | None = None

    def __call__(self) -> Any:
        """Give what was provided."""
        if self.found is None and not self.optional:
            raise RuntimeError(f"interface {self.name} {self.written} is provided by no plugin")
        return self.found.what if self.found else None

    @property
    def written(self) -> str:
        """The version as people write it."""
        return "{}.{}".format(*self.version)

    def fits(self, offered: Provided) -> bool:
        """Whether an offer will do: the same major version, and at least the minor one."""
        return offered.version[0] == self.version[0] and offered.version[1] >= self.version[1]


def provide(name: str, version: str, what: Any, *, doc: str) -> Provided:
    """Offer something to other plugins, as `provide("points.ledger", "1.0", ledger, doc=…)`.

    What breaks those who use it is a new major version. The distribution names it in the entry
    points `lifang.provides` too, so that it is known before anything is imported. Raises ValueError
    for a name without a dot or a version that is not two numbers.
    """
    return Provided(_name(name), _version(version), what, doc)


def need(name: str, version: str, *, optional: bool = False) -> Need:
    """Need what another plugin provides, in this major version and at least this minor one."""
    return Need(_name(name), _version(version), optional=optional)


def _name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"interface {name!r}: small words with a dot between, as points.ledger")
    return name


def _version(version: str) -> tuple[int, int]:
    told = VERSION.fullmatch(version)
    if told is None:
        raise ValueError(f"interface version {version!r}: two numbers, as 1.0")
    return int(told[1]), int(told[2])
