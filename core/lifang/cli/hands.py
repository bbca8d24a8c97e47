"""What the command line is given to work with: it opens and serves nothing by itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lifang.services.instance import Instance


@dataclass(frozen=True)
class Hands:
    """The functions of the layer above, handed down so that imports go one way.

    `opened()` yields the instance of LIFANG_HOME; `create(home)` makes one; `serve` and `work` run
    until they are told to stop; `demo` builds and tells what it built, which `serve` then serves.
    `verify_backup` and `restore` need no instance, only a backup and its key; `move` opens the
    instance by itself, for it must be alone. `check` judges the source of a plugin, `told` gives
    its report to programs, `explain` a rule; they need no instance either.
    """

    opened: Callable[[], AbstractContextManager[Instance]]
    create: Callable[[Path], Instance]
    serve: Callable[..., None]
    work: Callable[..., None]
    migrate: Callable[..., Any]
    demo: Callable[..., Any]
    verify_backup: Callable[..., Any]
    restore: Callable[..., Any]
    move: Callable[..., Any]
    rotate: Callable[..., Any]
    check: Callable[..., Any]
    told: Callable[..., Any]
    explain: Callable[..., Any]
