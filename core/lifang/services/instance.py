"""One running instance: its settings, database, keys, declarations and plugins."""

from __future__ import annotations

import os
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lifang.events.payloads import Reader
from lifang.kit.settings import Settings
from lifang.plugins.declared import Gone
from lifang.plugins.manager import PluginManager
from lifang.resources.registry import Registry
from lifang.store.database import Database
from lifang.store.keys import KeyRing

if TYPE_CHECKING:
    from lifang.app.post import Post
    from lifang.mechanisms.separation import Separation

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
    separation: Separation
    notices: Post
    held: int | None = field(default=None, repr=False)
    plans: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def sample(self) -> bool:
        """Whether everything in here was made up by `lifang demo`; pages say so."""
        return (self.settings.home / SAMPLE_NOTE).exists()

    @cached_property
    def id(self) -> str:
        """Tell this instance from others, the same for as long as it lives."""
        return self.keys.derived("lifang-instance").hex()[:32]

    @cached_property
    def gone(self) -> Gone:
        """Tells of plugins that are off or gone what they said of themselves."""
        return Gone()

    @cached_property
    def events(self) -> Reader:
        """Reads events as handlers are told them."""
        return Reader(self.plugins.payloads, self.plugins.loaded, self.keys)

    def close(self) -> None:
        """Give back connections and sockets."""
        self.database.close()
        if self.held is not None:
            os.close(self.held)
            self.held = None
