"""How the instance is, for whoever watches over it: alive, ready, and figures without names."""

from __future__ import annotations

import logging
import platform
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.metadata import version

from flask import Flask, Response, g, request

from lifang.http.request import BARE, for_programs
from lifang.kit import json
from lifang.services.instance import Instance
from lifang.upkeep.figures import FREE_SHARE, Figure, Rows, figures, outstanding

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, float("inf"))
"""Seconds, up to which answers are counted together."""

log = logging.getLogger("lifang.health")


class Health:
    """What one process of the web server can say about itself and its instance."""

    def __init__(self, instance: Instance) -> None:
        """Start counting."""
        self.instance = instance
        self.started = time.monotonic()
        self._answers: Counter[str] = Counter()
        self._times: Counter[tuple[str, float]] = Counter()
        self._spent: Counter[str] = Counter()
        self._lock = threading.Lock()

    def install(self, app: Flask) -> None:
        """Add the three addresses, none of which asks who is calling."""
        app.before_request(self.begin)
        app.after_request(self.count)
        app.add_url_rule("/healthz", "healthz", self.alive)
        app.add_url_rule("/readyz", "readyz", self.ready)
        app.add_url_rule("/metrics", "metrics", self.figures)

    def begin(self) -> None:
        """Note when a request began."""
        g.began = time.perf_counter()

    def count(self, response: Response) -> Response:
        """Count one answer by the class of its status, and how long it took by what it was for."""
        took, kind = time.perf_counter() - g.get("began", time.perf_counter()), _kind()
        with self._lock:
            self._answers[f"{response.status_code // 100}xx"] += 1
            self._spent[kind] += took
            self._times[kind, next(most for most in BUCKETS if took <= most)] += 1
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
        told = {"version": version("lifang"), "python": platform.python_version(),
                "database": self.instance.database.name}  # fmt: skip
        yield from _figure("build_info", "gauge", "What runs here.", [(told, 1)])
        up = time.monotonic() - self.started
        yield from _figure(
            "uptime_seconds", "gauge", "Seconds since this process started.", [({}, up)]
        )
        with self._lock:
            answers = [({"status": name}, n) for name, n in sorted(self._answers.items())]
            times, spent = self._times.copy(), self._spent.copy()
        meaning = "Answers of this process by class of status."
        yield from _figure("responses_total", "counter", meaning, answers)
        yield from _histogram(times, spent)
        for figure in self._kept():
            yield from _figure(*figure)

    def _kept(self) -> list[Figure]:
        """What the database and the folder tell; nothing while the database does not answer.

        Figures a monitor cannot see are better than figures that are wrong.
        """
        try:
            with self.instance.database.connection():
                return list(figures(self.instance))
        except Exception:
            log.exception("the lag could not be read")
            return []

    def _database_answers(self) -> bool:
        with self.instance.database.connection():
            return bool(self.instance.database.engine.execute_sql("SELECT 1").fetchone())

    def _disk_has_room(self) -> bool:
        disk = shutil.disk_usage(self.instance.settings.home)
        return disk.free >= disk.total * FREE_SHARE

    def _nothing_is_due(self) -> bool:
        with self.instance.database.connection():
            return not outstanding(self.instance)


def _kind() -> str:
    """What a request is for, as far as a monitor needs to know."""
    if request.endpoint in BARE:
        return "health"
    return "api" if for_programs() else "static" if "static" in request.path else "page"


def _figure(name: str, kind: str, meaning: str, rows: Rows) -> Iterator[str]:
    """One figure as Prometheus reads it, with its labels."""
    yield f"# HELP lifang_{name} {meaning}"
    yield f"# TYPE lifang_{name} {kind}"
    for labels, value in rows:
        said = ",".join(f'{key}="{_escaped(word)}"' for key, word in labels.items())
        yield f"lifang_{name}{{{said}}} {value:.10g}" if said else f"lifang_{name} {value:.10g}"


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _histogram(times: Counter[tuple[str, float]], spent: Counter[str]) -> Iterator[str]:
    """How long answers took, in buckets that each hold the ones below."""
    yield "# HELP lifang_request_seconds How long answers took, by what they were for."
    yield "# TYPE lifang_request_seconds histogram"
    for kind in sorted(spent):
        whole = 0
        for most in BUCKETS:
            whole += times[kind, most]
            end = "+Inf" if most == BUCKETS[-1] else f"{most:g}"
            yield f'lifang_request_seconds_bucket{{kind="{kind}",le="{end}"}} {whole}'
        yield f'lifang_request_seconds_sum{{kind="{kind}"}} {spent[kind]:.6f}'
        yield f'lifang_request_seconds_count{{kind="{kind}"}} {whole}'


def _holds(check: Callable[[], bool]) -> bool:
    """Whether a check holds; one that fails by itself does not, and says why in the log."""
    try:
        return check()
    except Exception:
        log.exception("a check of /readyz failed")
        return False
