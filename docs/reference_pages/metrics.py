"""Every figure at /metrics, as an instance of its own tells it."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from docs.reference_pages.shared import Table, table
from lifang.app.http import create_app
from lifang.app.instance import create
from lifang.plugins.plugin import Plugin

TOLD = re.compile(r"# HELP (?P<name>\S+) (?P<help>.*)\n# TYPE \S+ (?P<type>\S+)")


def figures() -> list[tuple[str, str, str]]:
    """Name, type and meaning of every figure, in the order in which they are told."""
    with tempfile.TemporaryDirectory() as folder:
        instance = create(Path(folder) / "instance", environ={})
        try:
            text = create_app(instance).test_client().get("/metrics").text
        finally:
            instance.close()
    return [(one["name"], one["type"], one["help"]) for one in TOLD.finditer(text)]


def page(plugins: dict[str, Plugin]) -> Table:
    """What a monitor may ask."""
    yield "# 监控 · Monitoring"
    yield ""
    yield from table("address", "answers", rows=[
        ("`/healthz`", "`ok` while the process answers"),
        ("`/readyz`", "200 or 503, and which checks hold: database, disk, migrations"),
        ("`/metrics`", "the figures below, in the text format of Prometheus; no names of anybody"),
    ])  # fmt: skip
    yield "Events are told of each subscriber. Nobody is asked who they are: a proxy keeps strangers away from these addresses."
    yield ""
    yield from table(
        "figure",
        "type",
        "meaning",
        rows=((f"`{name}`", type, help) for name, type, help in figures()),
    )
