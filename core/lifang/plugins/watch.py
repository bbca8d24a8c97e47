"""Watches plugins while they run: what went wrong, how long it took, what was stopped for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from lifang.kit.errors import NotReady, told_by
from lifang.kit.words import _
from lifang.plugins.breaker import Breaker, Key, Stopped, Timing

if TYPE_CHECKING:
    from lifang.entities.caller import Caller

log = logging.getLogger("lifang.plugins")


class Watch:
    """What a guard asks and tells.

    `keeper` is given what was stopped and says whether it could keep it; until then it holds in
    this process only. With `strict`, the first failure is raised as NotReady. `shows` says whether
    there is a plugin for a caller, as permission has it.
    """

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self.breaker = Breaker()
        self.shows: Callable[[str, Caller], bool] = lambda plugin, caller: bool(
            caller.snapshot.where(plugin)
        )
        self.keeper: Callable[[list[Stopped]], bool] | None = None
        self.strict = False
        self.timings: dict[tuple[str, str], Timing] = {}
        self._here: dict[Key, Stopped] = {}
        self._unkept: list[Stopped] = []

    def holds(self, key: Key, caller: Caller) -> bool:
        """Whether a part of a plugin was stopped where the caller meets it."""
        return key in caller.snapshot.stopped or key in self._here

    def timing(self, plugin: str, part: str) -> Timing:
        """Where the time is counted that a part of a plugin takes in this process."""
        return self.timings.setdefault((plugin, part), Timing())

    def failed(self, key: Key, rule: str, error: BaseException | str, caller: Caller) -> None:
        """Count what went wrong; too much of it within a short time stops the part there."""
        plugin, path, part = key
        raised = error if isinstance(error, BaseException) else None
        why = str(error) if raised is None else told_by(raised)
        log.warning("plugin %s: %s failed: %s", plugin, part, why, exc_info=raised)
        self.timing(plugin, part).failed += 1
        told = Stopped(plugin, path, part, rule, why)
        failures_of(caller).append(told)
        if self.strict:
            said = _("插件「{plugin}」的 {part} 出错：{why}", plugin=plugin, part=part, why=why)
            raise NotReady(said) from raised
        if self.breaker.failed(key):
            self.stop(told)

    def stop(self, told: Stopped) -> None:
        """Let a part not be called any more, here at once and everywhere once it is kept."""
        log.error("plugin %s: %s is stopped: %s", told.plugin, told.part, told.why)
        self._here[told.key] = told
        self.note(told)
        self.keep()

    def note(self, told: Stopped) -> None:
        """Have something kept as soon as that may be."""
        self._unkept.append(told)

    def keep(self) -> None:
        """Have kept what is not; a running transaction of somebody else's is waited for."""
        if self._unkept and self.keeper is not None:
            waiting, self._unkept = self._unkept, []
            if not self.keeper(waiting):
                self._unkept += waiting

    def saw(self, kept: Iterable[Stopped]) -> frozenset[Key]:
        """Take over what is kept: what was released elsewhere holds here no more."""
        self._here = {one.key: one for one in self._unkept}
        return frozenset(one.key for one in kept)


def failures_of(caller: Caller) -> list[Stopped]:
    """What failed so far while this caller was answered."""
    found: list[Stopped] = caller.rights.setdefault("failures", [])
    return found
