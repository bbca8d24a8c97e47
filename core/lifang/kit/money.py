"""Money: whole fen inside, yuan with two decimals wherever anybody reads or writes it."""

from __future__ import annotations

import re

PATTERN = r"^-?[0-9]{1,13}\.[0-9]{2}$"
"""What `yuan` gives."""

_SAID = re.compile(r"(?P<sign>-?)[¥￥]?(?P<yuan>[0-9]{1,13})(\.(?P<fen>[0-9]{1,2}))?元?")
_GROUPED = re.compile(r"-?[¥￥]?[0-9]{1,3}([,，][0-9]{3})+(\.[0-9]{1,2})?元?")


def yuan(fen: int) -> str:
    """Write an amount of fen in yuan: 48000050 is `480000.50`."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def fen(said: str) -> int:
    """Read yuan as people write them (`480000`, `480,000.50`, `¥3.5元`); raises ValueError."""
    told = said.strip().replace(" ", "")
    if _GROUPED.fullmatch(told):
        told = told.replace(",", "").replace("，", "")
    parts = _SAID.fullmatch(told)
    if parts is None:
        raise ValueError(said)
    amount = int(parts["yuan"]) * 100 + int((parts["fen"] or "0").ljust(2, "0"))
    return -amount if parts["sign"] else amount


def grouped(yuan: str) -> str:
    """Write yuan so that large amounts can be read at a glance: `480,000.50`."""
    whole, _point, rest = yuan.partition(".")
    return f"{int(whole):,}.{rest}" if whole not in ("-0",) else yuan
