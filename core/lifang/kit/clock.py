"""The one clock: instants are UTC and carry their zone; people read them in the instance's."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lifang.kit.errors import Invalid
from lifang.kit.words import _

if TYPE_CHECKING:
    from datetime import date, tzinfo
    from zoneinfo import ZoneInfo

DEFAULT_ZONE = "Asia/Shanghai"

_instance_zone: ZoneInfo | None = None


def now() -> datetime:
    """Return this instant, in UTC."""
    return datetime.now(UTC)


def today(zone: tzinfo | None = None) -> date:
    """Return the date on the wall of the instance, or of another zone."""
    return local(now(), zone).date()


def local(instant: datetime, zone: tzinfo | None = None) -> datetime:
    """Return an instant as people of the instance's zone read it.

    Raises ValueError for an instant without a zone: guessing one has silently moved dates by a day.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone cannot be shown")
    return instant.astimezone(zone if zone is not None else _zone())


def shown(at: datetime | str, *, seconds: bool = False) -> str:
    """Write an instant for people of the instance's zone: `2026-11-23 09:02`."""
    told = local(datetime.fromisoformat(at) if isinstance(at, str) else at)
    return told.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def fixed(instant: datetime) -> str:
    """Write an instant as it is stored and told, in fixed width: `2026-11-23T01:02:03.000004Z`.

    `strftime` would leave the zeros of early years out.
    """
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def zone() -> ZoneInfo:
    """Return the instance's zone."""
    return _zone()


def set_zone(name: str) -> None:
    """Let this process live in another zone; raises Invalid for one that does not exist."""
    global _instance_zone
    _instance_zone = zone_named(name)


def zone_named(name: str) -> ZoneInfo:
    """Find a zone by its name in the IANA list; raises Invalid for one that does not exist."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        # "Asia" is a folder of the zone database and ends in an OSError.
        raise Invalid(
            _("没有名为 {name} 的时区，应为 Asia/Shanghai 这样的名称", name=name)
        ) from error


def monotonic() -> float:
    """Return seconds that only ever grow: durations survive a clock that is put back."""
    return time.monotonic()


def _zone() -> ZoneInfo:
    global _instance_zone
    if _instance_zone is None:
        _instance_zone = zone_named(DEFAULT_ZONE)
    return _instance_zone
