"""The REST API: importing a module of views adds its rules to the one blueprint.

`description` imports those that describe themselves.
"""

from __future__ import annotations

from lifang.api import bulk, deeds, description, events, files, papers, records
from lifang.api.rules import blueprint

__all__ = ["blueprint", "bulk", "deeds", "description", "events", "files", "papers", "records"]
