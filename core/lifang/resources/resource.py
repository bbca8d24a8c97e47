"""A noun people work with, declared once; every interface of it follows."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypedDict, TypeVar, Unpack

import peewee as pw

from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.resources.action import Action, action_of
from lifang.resources.fields import Check, FieldSpec, read_fields
from lifang.resources.placing import placing
from lifang.resources.reach import Belonging, Itself, Linked, Scope, pointed_at
from lifang.store.fields import State
from lifang.store.record import Record

if TYPE_CHECKING:
    from lifang.mechanisms.confidential import Confidential

M = TypeVar("M", bound=Record)
Rule = Callable[[Any, Caller], None]
Many = Callable[[dict[int, dict[str, Any]], Caller], None]
UNSAID = "?"
NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
TOLD = {"created", "updated", "removed", "uncovered", "attached", "detached", "deadline_set",
        "deadline_cancelled"}  # fmt: skip
"""What is told of any record, beside its actions."""

VERBS = ("read", "create", "update", "remove", "import", "export", "export_full", "reveal",
         "uncover", "anonymise", "attach")  # fmt: skip


class Shared(TypedDict, total=False):
    """What a declaration may say in the words of a mechanism that many share, each explained there.

    `minors_hidden` keeps records whose owner is under 14 out of every search and from residents.
    `erasable` names the fields and kinds of attachments that are somebody's, each with the
    references to whom: they go when that person is erased. `confidential` records are reached by
    assignment, not by the tree. `attachments` are the kinds of files a record may have, with their
    labels; whoever may `attach`, or `update` where no role is given that verb, adds and removes
    them, but not in the states that `sealed` names. `documents` are what is issued about a record
    (`lf.Document`). `formats` are further ones in which a list is exported, each an `lf.Format` by
    its name. What is `veiled` is not for those who reach a record as its `unit` only, such as an
    employer.
    """

    minors_hidden: bool
    erasable: Mapping[str, tuple[str, ...]]
    confidential: Confidential
    attachments: Mapping[str, str]
    sealed: Collection[str]
    documents: Collection[Any]
    formats: Mapping[str, Any]
    veiled: Collection[str]


class Resource(Generic[M]):
    """A noun: its record, how it is reached, what can be done to it and by which role.

    `roles` maps a role to verbs, each perhaps narrowed to `:own` (the `owner` field is the caller)
    or `:unit` (the `unit` field is an organization the caller stands for). `scope` is found by
    itself where the model has exactly one `place`; `None` means rights held for the whole instance
    only and needs a `reason`. `never` lists verbs nobody is given on purpose. `rules` are functions
    of the whole record and the caller, called before it is saved; they may fill derived columns and
    raise `lf.Invalid` or `lf.Conflict`. `identity` names the field by which something known
    elsewhere in the tree is recognised: creating it again adds a link (`decisions.md` 14). `open`
    resources may be pointed at by everyone. `dated` names the day field that says when a record
    happened, for reports on the tree as it was then; without it, or where it is empty, that is the
    day it was created. `saved` are functions of a record that was just created or updated, called
    in the same transaction. `at_once` is what `rules` and `saved` come to for many fresh records,
    told by their numbers: without it, files bring records that have something beside one by one.
    `editable` names the states in which fields may be changed and the record removed, by default
    all of them: beyond these only its actions change it.
    `timers` are the names of what is told when its time has come, or at once (`lf.tell`): each is
    an event of the record like those of its actions, `dual_reporting.report.overdue`.
    What mechanisms add is told at `Shared`.

    Where records say themselves in which community they lie, whoever may update one may also
    `place` it: take it out of a closed community into another. Raises TypeError for a declaration
    that cannot be kept.
    """

    minors_hidden: bool = False
    erasable: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    confidential: Confidential | None = None
    attachments: Mapping[str, str] = MappingProxyType({})
    sealed: Collection[str] = ()
    documents: Collection[Any] = ()
    formats: Mapping[str, Any] = MappingProxyType({})
    veiled: Collection[str] = ()

    def __init__(  # noqa: PLR0913 – a declaration says many things, each by name
        self,
        model: type[M],
        *,
        label: str,
        noun: str | None = None,
        columns: Iterable[str] = (),
        search: Iterable[str] = (),
        scope: Scope = UNSAID,
        reason: str | None = None,
        owner: Belonging = None,
        unit: Belonging = None,
        actions: Iterable[Callable[..., Any]] = (),
        roles: Mapping[str, str] | None = None,
        never: str = "",
        hidden: Iterable[str] = (),
        locked: Iterable[str] = (),
        checks: Mapping[str, Check] | None = None,
        rules: Iterable[Rule] = (),
        saved: Iterable[Rule] = (),
        at_once: tuple[Many, Many] | None = None,
        dated: str | None = None,
        title: str | None = None,
        identity: str | None = None,
        open: bool = False,
        timers: Iterable[str] = (),
        editable: Iterable[str] = (),
        **shared: Unpack[Shared],
    ) -> None:
        """Keep what was said; the plugin's id is added when it is registered."""
        self.model = model
        self.label = label
        self.record = snake(model.__name__)
        self.noun = noun or plural(self.record)
        self.plugin = ""
        self.search = tuple(search)
        self.scope: Scope = self._only_place() if scope == UNSAID else scope
        self.reason = reason
        self.owner = owner
        self.unit = unit
        self.actions: dict[str, Action] = {a.name: a for a in map(action_of, actions)}
        self.roles = {role: read_verbs(text) for role, text in (roles or {}).items()}
        self.never = frozenset(never.split())
        self.rules = tuple(rules)
        self.saved, self.at_once = tuple(saved), at_once
        self.dated, self.identity = dated, identity
        self.open, self.timers = open, frozenset(timers)
        self.editable = tuple(editable)
        self.above: Resource[Any] | None = None  # the one it is confidential with
        self._hidden, self._locked = frozenset(hidden), frozenset(locked)
        self._checks = dict(checks or {})
        self._columns = tuple(columns)
        self._title = title
        self._share(shared)
        self._complete()

    def _share(self, shared: Shared) -> None:
        """Say what was said in the words of mechanisms."""
        if unknown := shared.keys() - Shared.__annotations__.keys():
            raise TypeError(f"{self.noun}: a resource cannot say {sorted(unknown)}")
        self.__dict__.update(shared)

    def _complete(self) -> None:
        """Add what follows from what was said, and refuse what contradicts itself."""
        if isinstance(self.scope, str):
            self.actions.setdefault("place", placing(self.scope))
            for verbs in self.roles.values():
                if "update" in verbs and "place" not in self.never:
                    verbs.setdefault("place", verbs["update"])
        self._separate()
        if self.confidential is not None:
            self.confidential.settle(self)
        self._demand_sense()

    def _demand_sense(self) -> None:
        """Raise TypeError where a word of the declaration means nothing here."""
        if self.scope is None and not self.reason:
            raise TypeError(f"{self.noun}: scope=None needs a reason")
        if self.minors_hidden and not isinstance(self.owner, str):
            raise TypeError(f"{self.noun}: minors_hidden needs owner= to name a person")
        taken = TOLD | {one.event for one in self.actions.values()}
        named = [name for name in self.timers if name in taken or not NAME.fullmatch(name)]
        named += [kind for kind in self.attachments if not NAME.fullmatch(kind)]
        if named:
            raise TypeError(f"{self.noun}: {named} cannot be the names of timers or attachments")
        states = {value for value, _label in self.by_name[self.state].choices} if self.state else ()
        if unknown := {*self.editable, *self.sealed} - set(states):
            raise TypeError(f"{self.noun}: {sorted(unknown)} are no states of it")
        theirs = self.erasable.keys() - self.attachments.keys()
        if unknown := {*self.veiled, *theirs} - self.by_name.keys():
            raise TypeError(f"{self.noun}: {sorted(unknown)} are no fields to veil or to erase")
        taken, partial = (
            {"csv", "xlsx", "json"},
            self.veiled or getattr(self.scope, "partial", None),
        )
        wrong = [name for name in self.formats if name in taken or not NAME.fullmatch(name)]
        if wrong or ((partial or self.veiled) and self.formats):  # a format is given whole records
            raise TypeError(f"{self.noun}: {wrong or list(self.formats)} cannot be formats of it")

    def _separate(self) -> None:
        """Raise TypeError where an action is kept from somebody whom nothing names."""
        for one in self.actions.values():
            for part in one.not_by:
                verb = part in self.actions or part in ("create", "update")
                owner = part == "owner" and self.owner is not None
                if not (verb or owner or pointed_at(self.model, part) in (Person, Account)):
                    told = f"{self.noun}.{one.name}: not_by={part!r} names no verb of it"
                    raise TypeError(f"{told}, and no reference to a person or an account")

    def _only_place(self) -> str:
        places = [
            field.name
            for field in self.model._meta.sorted_fields
            if isinstance(field, pw.ForeignKeyField) and field.rel_model is Community
        ]
        if len(places) != 1:
            raise TypeError(f"{self.noun}: say its scope; it has {len(places)} places")
        return str(places[0])

    @property
    def id(self) -> str:
        """Plugin and noun, as used for keys of caches, grams and audit: `core.people`."""
        return f"{self.plugin}.{self.noun}"

    @property
    def placed(self) -> bool:
        """Whether its records lie somewhere, so that a part of the tree holds some of them."""
        return self.scope is not None and not isinstance(self.scope, Itself)

    @property
    def aggregate(self) -> str:
        """Plugin and record, as used in event names: `core.person`."""
        return f"{self.plugin}.{self.record}"

    @property
    def attaching(self) -> str:
        """The verb that lets somebody add and remove attachments."""
        given = any("attach" in verbs for verbs in self.roles.values())
        return "attach" if given else "update"

    @property
    def table(self) -> str:
        """The table's name."""
        return str(self.model._meta.table_name)

    @cached_property
    def fields(self) -> tuple[FieldSpec, ...]:
        """Every field people meet, in order; what is shown over a link comes last."""
        stored = read_fields(
            self.model, hidden=self._hidden, locked=self._locked, checks=self._checks
        )
        return stored + self._virtual()

    def _virtual(self) -> tuple[FieldSpec, ...]:
        scope = self.scope
        if not isinstance(scope, Linked) or scope.shown_as is None:
            return ()
        return (
            FieldSpec(
                name=scope.shown_as,
                label=scope.label,
                kind="community",
                required=True,
                null=False,
                virtual=True,
                target=Community,
            ),
        )

    @cached_property
    def by_name(self) -> dict[str, FieldSpec]:
        """Fields by their name."""
        return {spec.name: spec for spec in self.fields}

    @cached_property
    def state(self) -> str | None:
        """The name of the field that says where a record stands."""
        fields = self.model._meta.sorted_fields
        return next((field.name for field in fields if isinstance(field, State)), None)

    @cached_property
    def title(self) -> str | None:
        """The field that names a record to people."""
        return self._title or ("name" if "name" in self.by_name else None)

    @cached_property
    def columns(self) -> tuple[FieldSpec, ...]:
        """What lists show: what was said, else everything but sensitive and long fields."""
        if self._columns:
            return tuple(self.by_name[name] for name in self._columns)
        return tuple(s for s in self.fields if s.kind not in {"sensitive", "paragraph"})

    @cached_property
    def grammed(self) -> tuple[str, ...]:
        """Its own text fields that are searched by any part."""
        return tuple(path for path in self.search if "." not in path)

    def __repr__(self) -> str:
        """Name it for error messages."""
        return f"<Resource {self.id}>"


def read_verbs(text: str) -> dict[str, frozenset[str]]:
    """Read `read:own create update:unit` as verb → reaches, each own, unit or tree."""
    verbs: dict[str, set[str]] = {}
    for word in text.split():
        verb, _, reach = word.partition(":")
        if reach not in {"", "own", "unit"}:
            raise TypeError(f"{word}: a verb is narrowed to :own or :unit only")
        verbs.setdefault(verb, set()).add(reach or "tree")
    return {verb: frozenset(reaches) for verb, reaches in verbs.items()}


def snake(name: str) -> str:
    """`ServiceEntry` → `service_entry`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def plural(noun: str) -> str:
    """`category` → `categories`, `report` → `reports`; say `noun=` for the irregular ones."""
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")
