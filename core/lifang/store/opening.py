"""Which engine keeps an instance's data: the one its URL names, else the embedded one."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from lifang.kit.errors import Invalid, NotReady
from lifang.kit.words import _
from lifang.store.database import Database
from lifang.store.embedded import Embedded


def open_database(url: str | None, *, home: Path, durability: str) -> Database:
    """Open the database a URL names, or the embedded one in the instance's folder."""
    lock = home / "run" / "write.lock"
    if url is None:
        return Embedded(home / "data" / "lifang.db", durability=durability, lock=lock)
    parts = urlsplit(url)
    if parts.scheme in ("postgresql", "postgres"):
        try:
            from lifang.store.served import Served
        except ImportError as error:
            raise NotReady(
                _("使用 PostgreSQL 需要 psycopg：pip install 'lifang[postgresql]'")
            ) from error
        return Served(url, durability=durability)
    if parts.scheme != "sqlite":
        raise Invalid(_("不支持「{scheme}」数据库；可用 sqlite:///路径 或 postgresql://用户@主机/库名",
                        scheme=parts.scheme or url))  # fmt: skip
    path = Path(parts.path if parts.path.startswith("//") is False else parts.path[1:])
    return Embedded(path, durability=durability, lock=lock)
