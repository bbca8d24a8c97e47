"""A notice on its way out of the instance, as a plugin that carries it is told."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lifang.entities.community import Community


@dataclass(frozen=True)
class Message:
    """One notice to one reader; `key` is the same however often it is told.

    `title` and `text` are in the reader's language, and `link` leads to the reader's inbox where
    the instance knows its own address. `community` is where the notice's record lies and the
    carrying plugin is on: its settings there hold. `email` is kept nowhere else in clear.
    """

    key: str
    kind: str
    title: str
    text: str
    link: str | None
    language: str
    community: Community
    account: int
    email: str | None
    at: dt.datetime
