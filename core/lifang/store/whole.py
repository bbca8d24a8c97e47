"""Deeds that are one transaction: done again where another writer got in their way."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar, cast

Deed = TypeVar("Deed", bound=Callable[..., Any])


def whole(deed: Deed) -> Deed:
    """Let a deed of a caller or an instance, its first argument, run as `Database.whole` says."""

    @wraps(deed)
    def done(by: Any, *args: Any, **options: Any) -> Any:
        return getattr(by, "instance", by).database.whole(partial(deed, by, *args, **options))

    return cast(Deed, done)
