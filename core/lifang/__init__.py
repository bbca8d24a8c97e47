"""Lifang (里坊): a framework for community governance. These are the only names a plugin needs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lifang.entities.account import Account as Account
    from lifang.entities.caller import Caller as Caller
    from lifang.entities.community import Community as Community
    from lifang.entities.community import place as place
    from lifang.entities.organization import Organization as Organization
    from lifang.entities.person import Membership as Membership
    from lifang.entities.person import Person as Person
    from lifang.events.cloud import CloudEvent as CloudEvent
    from lifang.events.event import ANY as ANY
    from lifang.events.event import Away as Away
    from lifang.events.event import Data as Data
    from lifang.events.event import Dead as Dead
    from lifang.events.event import Event as Event
    from lifang.events.event import RetryAfter as RetryAfter
    from lifang.events.event import Rewind as Rewind
    from lifang.events.event import on as on
    from lifang.events.payloads import payload as payload
    from lifang.events.personal import ERASED as ERASED
    from lifang.kit.clock import now as now
    from lifang.kit.clock import today as today
    from lifang.kit.errors import Conflict as Conflict
    from lifang.kit.errors import FieldError as FieldError
    from lifang.kit.errors import Forbidden as Forbidden
    from lifang.kit.errors import Invalid as Invalid
    from lifang.kit.errors import NotFound as NotFound
    from lifang.kit.words import _ as _
    from lifang.mechanisms.ages import aged as aged
    from lifang.mechanisms.attachments import attached as attached
    from lifang.mechanisms.attachments import missing as missing
    from lifang.mechanisms.check_in import CheckIn as CheckIn
    from lifang.mechanisms.confidential import Confidential as Confidential
    from lifang.mechanisms.consents import Purpose as Purpose
    from lifang.mechanisms.desk import Desk as Desk
    from lifang.mechanisms.documents import Document as Document
    from lifang.mechanisms.formats import Format as Format
    from lifang.mechanisms.indicator import Indicator as Indicator
    from lifang.mechanisms.indicator import Measure as Measure
    from lifang.mechanisms.ledger import Ledger as Ledger
    from lifang.mechanisms.notices import Notice as Notice
    from lifang.mechanisms.numbers import Number as Number
    from lifang.mechanisms.places import Places as Places
    from lifang.mechanisms.public_notices import PublicNotice as PublicNotice
    from lifang.mechanisms.score import Score as Score
    from lifang.mechanisms.sheet import Sheet as Sheet
    from lifang.plugins.hooks import Card as Card
    from lifang.plugins.hooks import hookimpl as hookimpl
    from lifang.plugins.interfaces import need as need
    from lifang.plugins.interfaces import provide as provide
    from lifang.plugins.plugin import Plugin as Plugin
    from lifang.plugins.setting import Setting as Setting
    from lifang.resources.action import Preview as Preview
    from lifang.resources.action import Section as Section
    from lifang.resources.action import action as action
    from lifang.resources.reach import Linked as Linked
    from lifang.resources.reach import Via as Via
    from lifang.resources.resource import Resource as Resource
    from lifang.services.authoring import act as act
    from lifang.services.authoring import count as count
    from lifang.services.authoring import derived_secret as derived_secret
    from lifang.services.authoring import each as each
    from lifang.services.authoring import find as find
    from lifang.services.authoring import get as get
    from lifang.services.authoring import take_in as take_in
    from lifang.services.authoring import tell as tell
    from lifang.services.deadlines import deadline as deadline
    from lifang.services.event_log import masked as masked
    from lifang.services.gateway import write as write
    from lifang.services.timers import timer as timer
    from lifang.store.fields import DayField as DayField
    from lifang.store.fields import IdField as IdField
    from lifang.store.fields import InstantField as InstantField
    from lifang.store.fields import Money as Money
    from lifang.store.fields import PartialDateField as PartialDateField
    from lifang.store.fields import State as State
    from lifang.store.record import Record as Record
    from lifang.store.record import ref as ref
    from lifang.store.record import unique as unique
    from lifang.store.sensitive import Sensitive as Sensitive

_HOMES = {
    "entities.account": ("Account",),
    "entities.caller": ("Caller",),
    "entities.community": ("Community", "place"),
    "entities.organization": ("Organization",),
    "entities.person": ("Membership", "Person"),
    "events.cloud": ("CloudEvent",),
    "events.event": ("ANY", "Away", "Data", "Dead", "Event", "RetryAfter", "Rewind", "on"),
    "events.payloads": ("payload",),
    "events.personal": ("ERASED",),
    "kit.clock": ("now", "today"),
    "kit.errors": ("Conflict", "FieldError", "Forbidden", "Invalid", "NotFound"),
    "kit.words": ("_",),
    "mechanisms.ages": ("aged",),
    "mechanisms.attachments": ("attached", "missing"),
    "mechanisms.check_in": ("CheckIn",),
    "mechanisms.confidential": ("Confidential",),
    "mechanisms.consents": ("Purpose",),
    "mechanisms.desk": ("Desk",),
    "mechanisms.documents": ("Document",),
    "mechanisms.formats": ("Format",),
    "mechanisms.indicator": ("Indicator", "Measure"),
    "mechanisms.ledger": ("Ledger",),
    "mechanisms.notices": ("Notice",),
    "mechanisms.numbers": ("Number",),
    "mechanisms.places": ("Places",),
    "mechanisms.public_notices": ("PublicNotice",),
    "mechanisms.score": ("Score",),
    "mechanisms.sheet": ("Sheet",),
    "plugins.hooks": ("Card", "hookimpl"),
    "plugins.interfaces": ("need", "provide"),
    "plugins.plugin": ("Plugin",),
    "plugins.setting": ("Setting",),
    "resources.action": ("Preview", "Section", "action"),
    "resources.reach": ("Linked", "Via"),
    "resources.resource": ("Resource",),
    "services.authoring": (
        "act",
        "count",
        "derived_secret",
        "each",
        "find",
        "get",
        "take_in",
        "tell",
    ),
    "services.deadlines": ("deadline",),
    "services.event_log": ("masked",),
    "services.gateway": ("write",),
    "services.timers": ("timer",),
    "store.fields": ("DayField", "IdField", "InstantField", "Money", "PartialDateField", "State"),
    "store.record": ("Record", "ref", "unique"),
    "store.sensitive": ("Sensitive",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Fetch a name when it is first used: the command line starts without any of them."""
    if name not in _HOME:
        raise AttributeError(f"lifang has no {name!r}; plugins may use: {', '.join(__all__)}")
    value = getattr(import_module(f"lifang.{_HOME[name]}"), name)
    globals()[name] = value
    return value
