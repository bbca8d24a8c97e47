"""What the processes of a server say to whoever keeps it running, one event to a line."""

from __future__ import annotations

import logging
import re
import sys

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class Lines(logging.Formatter):
    """Tells messages so that none can pass for two, or for a command to the terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 – logging's name
        """Escape what a message has of line ends and other control characters."""
        text = super().formatMessage(record).replace("\n", "\\n").replace("\t", "\\t")
        return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


def log_to_stderr(level: str) -> None:
    """Send the log of this process to standard error, from a level on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler])
