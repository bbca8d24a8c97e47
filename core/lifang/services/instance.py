"""One running instance: its settings, database, keys, declarations and plugins."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from lifang.kit.settings import Settings
from lifang.plugins.manager import PluginManager
from lifang.resources.registry import Registry
from lifang.store.database import Database
from lifang.store.keys import KeyRing

SAMPLE_NOTE = "demo.json"
"""The file that marks an instance of generated people, and holds its accounts."""


@dataclass
class Instance:
    """Everything below the interfaces that belongs to one folder.

    `held` is the descriptor that keeps a restore from replacing the folder meanwhile. `plans` says
    which way lists were read before; it decides how soon they are answered and never what.
    """

    settings: Settings
    database: Database
    keys: KeyRing
    registry: Registry
    plugins: PluginManager
    held: int | None = field(default=None, repr=False)
    plans: dict[Hashable, Any] = field(default_factory=dict, repr=False)
    _bell: socket.socket = field(
        default_factory=lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), repr=False
    )

    def __post_init__(self) -> None:
        """Never wait for a dispatcher that is not listening."""
        self._bell.settimeout(0)

    @cached_property
    def sample(self) -> bool:
        """Whether everything in here was made up by `lifang demo`; pages say so."""
        return (self.settings.home / SAMPLE_NOTE).exists()

    @cached_property
    def id(self) -> str:
        """Tell this instance from others, the same for as long as it lives."""
        return self.keys.derived("lifang-instance").hex()[:32]

    @property
    def doorbell(self) -> Path:
        """The socket at which the dispatcher listens for commits."""
        return self.settings.home / "run" / "doorbell"

    def ring(self) -> None:
        """Wake the dispatcher; a lost wake-up costs one poll, never an event."""
        with contextlib.suppress(OSError):
            self._bell.sendto(b"1", str(self.doorbell))

    def close(self) -> None:
        """Give back connections and sockets."""
        self._bell.close()
        self.database.close()
        if self.held is not None:
            os.close(self.held)
            self.held = None
