"""What the processes of a server say to whoever keeps it running, one event to a line.

On a terminal it is text; in a pipe, a file or a journal every line is JSON, with the request and
the account's number where there is one. Of people nothing is told: what looks like a number of
theirs, or like a secret, is masked wherever it comes from.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import Any

from flask import g, has_request_context

from lifang.kit import masking
from lifang.kit.clock import now

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class Lines(logging.Formatter):
    """Tells messages so that none can pass for two, or for a command to the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the message and what was raised, masked."""
        return masking.private(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 – logging's name
        """Escape what a message has of line ends and other control characters."""
        text = super().formatMessage(record).replace("\n", "\\n").replace("\t", "\\t")
        return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


class Objects(Lines):
    """Tells every message as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Write what happened, when, where, and for which request."""
        told: dict[str, Any] = {
            "at": now().isoformat("T", "milliseconds"),
            "level": record.levelname.lower(),
            "log": record.name,
            "message": masking.private(record.getMessage()),
        }
        if has_request_context():
            told["request"] = g.get("request_id")
            told["account"] = getattr(g.get("caller"), "account", None)
        if record.exc_info:
            told["raised"] = masking.private(self.formatException(record.exc_info))
        line = json.dumps(told, ensure_ascii=False)
        return _CONTROL.sub(lambda found: f"\\u{ord(found.group()):04x}", line)


def log_to_stderr(level: str) -> None:
    """Send the log of this process to standard error, from a level on."""
    handler = logging.StreamHandler(sys.stderr)
    lines = Lines("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(lines if sys.stderr.isatty() else Objects())
    logging.basicConfig(level=level.upper(), handlers=[handler])
    logging.getLogger("peewee").setLevel(logging.INFO)  # else every value of every statement
