"""Events as others read them: CloudEvents 1.0, alone, in batches, or with attributes as headers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from lifang.events.event import Data, Event
from lifang.kit import errors
from lifang.kit.errors import Malformed
from lifang.kit.json import dumps, loads_strict
from lifang.kit.words import _

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
JSON = "application/json"

REQUIRED = ("id", "source", "type")
MOST = 1_000  # events in one batch that is read

_NAME = re.compile("[a-z0-9]{1,20}")
_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')

Message = tuple[dict[str, str], bytes]
"""Headers and body, as HTTP and NATS carry them."""


@dataclass(frozen=True)
class CloudEvent:
    """One event on its way from or to another system (https://cloudevents.io, version 1.0).

    `more` holds the optional attributes and the extensions, all of them text. What is no event
    is `CloudEvent.Malformed`.
    """

    Malformed: ClassVar[type[errors.Malformed]] = errors.Malformed
    id: str
    source: str
    type: str
    data: Any = None
    more: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, event: Event, source: str, *, data: Data | None = None, **more: str) -> CloudEvent:
        """Tell one of our events to others; `source` is the id of the instance it comes from.

        Its id is its position in the log. With `data`, that is told instead of its own; `more` are
        extensions. Nothing names the account that acted.
        """
        told = {
            "subject": f"{event.noun}/{event.subject}",
            "time": event.at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
            "datacontenttype": JSON,
            "sequence": str(event.sequence),
            "dataversion": str(event.version),
            **({"traceparent": event.trace} if event.trace else {}),
            **({"correlation": event.correlation} if event.correlation else {}),
            **({"causation": str(event.cause)} if event.cause else {}),
            **more,
        }
        data = event.data if data is None else data
        return cls(str(event.position), source, event.type, dict(data), told)

    def attributes(self) -> dict[str, str]:
        """Everything but the data."""
        own = {"specversion": "1.0", "id": self.id, "source": self.source, "type": self.type}
        return {**own, **self.more}

    def structured(self) -> Message:
        """The whole event as one JSON document."""
        return {"content-type": f"{STRUCTURED}; charset=utf-8"}, dumps(self._whole())

    def binary(self) -> Message:
        """The data alone as the body, and the attributes as headers."""
        told = self.attributes()
        kind = told.pop("datacontenttype", JSON)
        headers = {f"ce-{name}": quote(value, safe=_PLAIN) for name, value in told.items()}
        return {"content-type": kind, **headers}, dumps(self.data)

    @staticmethod
    def batch(events: Iterable[CloudEvent]) -> Message:
        """Several events as one JSON document."""
        whole = [one._whole() for one in events]
        return {"content-type": f"{BATCHED}; charset=utf-8"}, dumps(whole)

    @staticmethod
    def read(headers: Mapping[str, str], body: bytes) -> list[CloudEvent]:
        """Read what another system sent, in whichever of the three ways.

        Raises Malformed, naming the attribute, for what is none of them.
        """
        lowered = {name.lower(): value for name, value in headers.items()}
        kind = lowered.get("content-type", JSON).partition(";")[0].strip().lower()
        if kind == STRUCTURED:
            return [_event(loads_strict(body))]
        if kind == BATCHED:
            told = loads_strict(body)
            if not isinstance(told, list) or len(told) > MOST:
                raise Malformed(_("一批 CloudEvents 应是不超过 {n} 个事件的列表", n=MOST))
            return [_event(one) for one in told]
        told = {
            name[3:]: unquote(value) for name, value in lowered.items() if name.startswith("ce-")
        }
        told["datacontenttype"] = kind
        return [_event({**told, "data": loads_strict(body) if body else None})]

    def _whole(self) -> dict[str, Any]:
        return {**self.attributes(), "data": self.data}


def _event(told: Any) -> CloudEvent:
    if not isinstance(told, dict) or told.get("specversion") != "1.0":
        raise Malformed(_("不是 CloudEvents 1.0：缺少 specversion 或版本不同"))
    for name in REQUIRED:
        if not isinstance(told.get(name), str) or not told[name]:
            raise Malformed(_("CloudEvents 的 {name} 应是非空文本", name=name))
    if "data_base64" in told or told.get("datacontenttype", JSON) != JSON:
        raise Malformed(_("CloudEvents 的数据应是 JSON"))
    more = {name: value for name, value in told.items() if name not in (*REQUIRED, "data")}
    del more["specversion"]
    for name, value in more.items():
        if not _NAME.fullmatch(name) or not isinstance(value, (str, int)):
            raise Malformed(_("CloudEvents 的属性 {name} 不合规定", name=name[:40]))
    texts = {name: str(value) for name, value in more.items()}
    return CloudEvent(told["id"], told["source"], told["type"], told.get("data"), texts)
