"""How the instance is, for whoever watches over it: alive, ready, and figures without names."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

from flask import Flask, Response

from lifang.kit import clock, json
from lifang.services.delivery import Lag, lag
from lifang.services.event_log import last_position
from lifang.services.instance import Instance
from lifang.store import migrations
from lifang.upkeep.stalls import patience

FREE_SHARE = 0.05
"""With less of the disk free than this, the instance does not call itself ready."""

FIGURES: tuple[tuple[str, str, Callable[[Lag, float], float]], ...] = (
    ("behind", "Events a subscriber has still to be told.", lambda one, _most: one.behind),
    ("lag_seconds", "Age of the oldest event it has still to be told.", lambda one, _: _age(one)),
    ("late", "Whether that is more than lag_minutes.", lambda one, most: int(_age(one) > most)),
    ("retrying", "Deliveries that wait for another try.", lambda one, _most: one.retrying),
    ("dead", "Deliveries that are tried no more.", lambda one, _most: one.dead),
)
"""What is told of every subscriber, with the seconds that an event may wait."""

log = logging.getLogger("lifang.health")


class Health:
    """What one process of the web server can say about itself and its instance."""

    def __init__(self, instance: Instance) -> None:
        """Start counting."""
        self.instance = instance
        self.started = time.monotonic()
        self._answers: Counter[str] = Counter()
        self._lock = threading.Lock()

    def install(self, app: Flask) -> None:
        """Add the three addresses, none of which asks who is calling."""
        app.after_request(self.count)
        app.add_url_rule("/healthz", "healthz", self.alive)
        app.add_url_rule("/readyz", "readyz", self.ready)
        app.add_url_rule("/metrics", "metrics", self.figures)

    def count(self, response: Response) -> Response:
        """Count one answer by the class of its status."""
        with self._lock:
            self._answers[f"{response.status_code // 100}xx"] += 1
        return response

    def alive(self) -> Response:
        """Say that the process answers; nothing else is looked at."""
        return Response("ok\n", mimetype="text/plain")

    def ready(self) -> Response:
        """Say whether the instance can work: database, disk, migrations."""
        checks = {
            "database": _holds(self._database_answers),
            "disk": _holds(self._disk_has_room),
            "migrations": _holds(self._nothing_is_due),
        }
        ready = all(checks.values())
        body = json.dumps({"ready": ready, "checks": checks})
        response = Response(body, status=200 if ready else 503, mimetype="application/json")
        if not ready:
            response.headers["Retry-After"] = "10"
        return response

    def figures(self) -> Response:
        """Give the figures as Prometheus reads them."""
        text = "\n".join(self._lines()) + "\n"
        return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")

    def _lines(self) -> Iterator[str]:
        yield "# HELP lifang_uptime_seconds Seconds since this process started."
        yield "# TYPE lifang_uptime_seconds gauge"
        yield f"lifang_uptime_seconds {time.monotonic() - self.started:.1f}"
        yield "# HELP lifang_responses_total Answers of this process by class of status."
        yield "# TYPE lifang_responses_total counter"
        with self._lock:
            answers = sorted(self._answers.items())
        for status, number in answers:
            yield f'lifang_responses_total{{status="{status}"}} {number}'

        last, told = self._events()
        yield "# HELP lifang_events_total Events that were told, by the highest position."
        yield "# TYPE lifang_events_total counter"
        if last is not None:
            yield f"lifang_events_total {last}"
        most = patience(self.instance).total_seconds()
        for name, meaning, figure in FIGURES:
            yield f"# HELP lifang_events_{name} {meaning}"
            yield f"# TYPE lifang_events_{name} gauge"
            for one in told:
                yield f'lifang_events_{name}{{subscriber="{one.name}"}} {figure(one, most)}'

    def _events(self) -> tuple[int | None, list[Lag]]:
        """The last position and how far everybody is; nothing while the database does not answer.

        Figures a monitor cannot see are better than figures that are wrong.
        """
        try:
            with self.instance.database.connection():
                return last_position(), lag(self.instance)
        except Exception:
            log.exception("the lag could not be read")
            return None, []

    def _database_answers(self) -> bool:
        with self.instance.database.connection():
            return bool(self.instance.database.engine.execute_sql("SELECT 1").fetchone())

    def _disk_has_room(self) -> bool:
        disk = shutil.disk_usage(self.instance.settings.home)
        return disk.free >= disk.total * FREE_SHARE

    def _nothing_is_due(self) -> bool:
        database = self.instance.database
        with database.connection():
            return not any(
                migrations.pending(database, plugin.id, plugin.migrations)
                for plugin in list(self.instance.plugins.loaded.values())
            )


def _age(one: Lag) -> float:
    waits = clock.now() - one.oldest if one.oldest is not None else None
    return round(max(waits.total_seconds(), 0.0), 3) if waits else 0


def _holds(check: Callable[[], bool]) -> bool:
    """Whether a check holds; one that fails by itself does not, and says why in the log."""
    try:
        return check()
    except Exception:
        log.exception("a check of /readyz failed")
        return False
