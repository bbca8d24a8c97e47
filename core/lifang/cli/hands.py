"""What the command line is given to work with: it opens and serves nothing by itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lifang.services.instance import Instance


@dataclass(frozen=True)
class Hands:
    """The functions of the layer above, handed down so that imports go one way.

    `opened()` yields the instance of LIFANG_HOME; `create(home)` makes one; `serve`, `work` and
    `demo` run until they are told to stop.
    """

    opened: Callable[[], AbstractContextManager[Instance]]
    create: Callable[[Path], Instance]
    serve: Callable[..., None]
    work: Callable[..., None]
    migrate: Callable[..., list[str]]
    demo: Callable[..., Any]
