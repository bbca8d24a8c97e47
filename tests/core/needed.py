"""What must be set before a plugin of this repository can be switched on."""

from __future__ import annotations

NEEDED = {"mail_notices": {"host": "smtp.example.cn", "sender_address": "notice@example.cn"}}


def needed(plugin: str) -> dict[str, str]:
    """The settings that `enable` is told for a plugin."""
    return NEEDED.get(plugin, {})
