"""Public notices: posted where people live for some days, objected to, answered, then over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lifang.access.callers import plugin_caller
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.kit import clock, masking
from lifang.kit.errors import Conflict
from lifang.kit.words import _
from lifang.mechanisms import posted
from lifang.mechanisms.posted import PublicNotice as Hanging
from lifang.resources.registry import CORE
from lifang.services import deadlines
from lifang.services.gateway import write
from lifang.store.record import Record


@dataclass(frozen=True)
class PublicNotice:
    """One kind of notice; `name` is `<plugin>.<notice>`. Called in actions and handlers."""

    name: str
    label: str

    def post(  # noqa: PLR0913 – a notice says many things, each by name
        self,
        record: Record,
        caller: Caller,
        *,
        title: str,
        text: str,
        community: Community,
        working_days: int = 0,
        days: int = 0,
        answer_days: int = 3,
        people: Iterable[Any] = (),
        full_names: bool = False,
    ) -> int:
        """Post a notice about a record from today on, for working days or days; gives its number.

        Phone and citizen id numbers are masked wherever they stand, and the names of the record's
        own person and of `people` unless `full_names` are asked for. An objection is answered
        within `answer_days` working days. `core.public_notice.ended` tells `notice` (the name),
        `subject` and its `number` when it is over, at midnight. Conflict while one hangs, NotReady
        without a calendar.
        """
        if self.standing(record, caller).state == "running":
            raise Conflict(_("这件事正在公示"))
        resource = caller.instance.registry.of(type(record))
        owner = getattr(record, resource.owner) if isinstance(resource.owner, str) else None
        named = [] if full_names else [*people, *([owner] if isinstance(owner, Person) else [])]
        told = {
            "kind": self.name,
            "label": _(self.label),
            "title": _covered(title, named),
            "text": _covered(text, named),
            "community": int(community.id),
            "posted_on": clock.today().isoformat(),
            "working_days": working_days,
            "days": days,
            "answer_days": answer_days,
            "subject": caller.instance.registry.named(record),
        }
        core = plugin_caller(
            caller.instance, CORE, actor=caller.name, correlation=caller.correlation,
            cause=caller.cause,
        )  # fmt: skip
        with caller.instance.database.transaction():
            notice = write(posted.public_notices, "create", core, told)
            about = {"notice": self.name, "subject": told["subject"], "number": int(record.id)}
            period: dict[str, Any] = posted.rule_of(notice) | about
            deadlines.deadline(notice, core, posted.ENDED, **period)
        return int(notice.id)

    def standing(self, record: Record, caller: Caller) -> posted.Standing:
        """How the last notice of this kind about a record stands."""
        subject = caller.instance.registry.named(record)
        about = (Hanging.kind == self.name) & (Hanging.subject == subject)
        notice = Hanging.select().where(about).order_by(Hanging.id.desc()).first()
        return posted.Standing("none") if notice is None else posted.standing(notice)

    def require_over(self, record: Record, caller: Caller) -> None:
        """Raise Conflict, saying why, unless it hung to its end and every objection is answered."""
        found = self.standing(record, caller)
        if found.state != "over":
            told = _("「{label}」：{why}", label=_(self.label), why=found.sentence)
            raise Conflict(told, reason=found.state)


def _covered(text: str, people: Iterable[Any]) -> str:
    for name in sorted({str(one.name) for one in people}, key=len, reverse=True):
        text = text.replace(name, masking.mask("name", name))
    return masking.numbers(text)
