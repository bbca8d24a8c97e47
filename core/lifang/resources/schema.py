"""The contract of a payload: a marshmallow schema derived from the declaration.

Built on first use: it costs milliseconds and imports marshmallow, which reading never needs.
"""

from __future__ import annotations

import datetime as dt
import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import marshmallow as ma

from lifang.kit import clock, identifiers, money, text
from lifang.kit.errors import FieldError, Invalid
from lifang.kit.words import LANGUAGES, _, using
from lifang.resources.action import Action
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.store.fields import PARTIAL

LONGEST_TEXT = 20_000
LARGEST = 2**63 - 1
FIRST_YEAR, LAST_YEAR = 2, 9998
"""Instants at the very ends cannot be told in every zone."""


class Said(str):
    """A sentence about one field, with the stable word programs go by."""

    __slots__ = ("code",)
    code: str

    def __new__(cls, sentence: str, code: str) -> Said:
        """Keep both."""
        said = super().__new__(cls, sentence)
        said.code = code
        return said


class Told(ma.fields.Field[Any]):
    """One field of a payload, judged by its kind."""

    def __init__(self, spec: FieldSpec, *, required: bool) -> None:
        """Ask for it when required; emptiness is judged here, not by marshmallow."""
        super().__init__(required=required, allow_none=True)
        self.spec = spec
        self.asked = required

    def make_error(self, key: str, **kwargs: Any) -> ma.ValidationError:
        """Word marshmallow's own refusals in the user's language."""
        return ma.ValidationError([Said(_("请填写「{label}」", label=_(self.spec.label)), key)])

    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **kwargs: Any) -> Any:
        """Judge the value; empty text is the same as nothing."""
        if value is ma.missing:
            return super().deserialize(value, attr, data, **kwargs)
        try:
            return _judged(self.spec, value, asked=self.asked)
        except text.Refused as error:
            raise ma.ValidationError([Said(str(error), error.code)]) from error
        except ValueError as error:
            raise ma.ValidationError([Said(str(error), "invalid")]) from error


def load(specs: tuple[FieldSpec, ...], data: Mapping[str, Any], *, partial: bool) -> dict[str, Any]:
    """Judge a payload against fields; raises Invalid naming every field that is wrong."""
    if not isinstance(data, Mapping):
        raise Invalid(_('需要一个对象，例如 {"name": "…"}'))
    loaded = accepted(specs, data, partial=partial)
    return _worded(specs, data, partial=partial) if loaded is None else loaded


def accepted(
    specs: Iterable[FieldSpec], data: Mapping[str, Any], *, partial: bool
) -> dict[str, Any] | None:
    """The judged values of a payload that is right; None on any doubt, which marshmallow words.

    Most payloads are right, and asking each field is many times quicker than asking for words.
    """
    loaded: dict[str, Any] = {}
    try:
        for spec in specs:
            if spec.name in data:
                loaded[spec.name] = _judged(spec, data[spec.name], asked=not partial)
            elif spec.required and not partial:
                return None
    except ValueError:
        return None
    return loaded if len(loaded) == len(data) else None


def _judged(spec: FieldSpec, value: Any, *, asked: bool) -> Any:
    """A value as it is kept; raises ValueError where it cannot be. Empty text is nothing."""
    if isinstance(value, str) and spec.kind != "paragraph":
        value = value.strip()
    if value is not None and value != "":
        return JUDGES[spec.kind](spec, value)
    if not spec.null and spec.default is not None:
        return spec.default
    if not spec.null or (asked and spec.required):
        raise Required(_("请填写「{label}」", label=_(spec.label)), "required")
    return None


class Required(text.Refused):
    """Something that must be said was left empty."""


def _worded(
    specs: tuple[FieldSpec, ...], data: Mapping[str, Any], *, partial: bool
) -> dict[str, Any]:
    names = {spec.name for spec in specs}
    problems = [_unknown(name, specs) for name in data if name not in names]
    known = {name: value for name, value in data.items() if name in names}
    loaded: dict[str, Any] = {}
    try:
        loaded = dict(_schema(specs, partial).load(known))
    except ma.ValidationError as error:
        messages: Any = error.messages
        problems += [
            FieldError(name, getattr(said[0], "code", "invalid"), str(said[0]))
            for name, said in messages.items()
        ]
    if problems:
        raise Invalid(_("有 {n} 个字段需要修改", n=len(problems)), errors=problems)
    return loaded


@lru_cache(maxsize=512)
def _schema(specs: tuple[FieldSpec, ...], partial: bool) -> ma.Schema:  # noqa: FBT001 – cache key
    fields = {spec.name: Told(spec, required=spec.required and not partial) for spec in specs}
    return ma.Schema.from_dict(dict(fields))()


def create_fields(resource: Resource[Any]) -> tuple[FieldSpec, ...]:
    """What may be said when a record is made."""
    return tuple(spec for spec in resource.fields if not spec.locked)


def update_fields(resource: Resource[Any]) -> tuple[FieldSpec, ...]:
    """What may be said when a record is changed."""
    return tuple(spec for spec in resource.fields if not spec.locked and not spec.virtual)


def refuse_locked(resource: Resource[Any], names: Iterable[str], *, creating: bool) -> None:
    """Refuse fields that only an action changes, naming the action; raises Invalid."""
    problems = []
    for name in names:
        spec = resource.by_name.get(name)
        if spec is None or not (spec.locked or (spec.virtual and not creating)):
            continue
        verbs = _movers(resource, spec)
        label = _(spec.label)
        sentence = (
            _("「{label}」请用操作「{action}」修改", label=label, action=_("、").join(verbs))
            if verbs
            else _("「{label}」不能直接填写", label=label)
        )
        problems.append(FieldError(name, "locked", sentence))
    if problems:
        raise Invalid(problems[0].message, errors=problems)


def _movers(resource: Resource[Any], spec: FieldSpec) -> list[str]:
    def moves(action: Action) -> bool:
        return (
            bool(action.moves)
            if spec.kind == "state"
            else any(given.name == spec.name for given in action.fields)
        )

    return [_(action.label) for action in resource.actions.values() if moves(action)]


def _unknown(name: str, specs: tuple[FieldSpec, ...]) -> FieldError:
    near = difflib.get_close_matches(str(name), [spec.name for spec in specs], n=1)
    sentence = (
        _("没有字段「{name}」；是否想写「{near}」?", name=name, near=near[0])
        if near
        else _("没有字段「{name}」", name=name)
    )
    return FieldError(str(name), "unknown", sentence)


def _text(spec: FieldSpec, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(_("「{label}」须为文字", label=_(spec.label)))
    longest = spec.max_length or LONGEST_TEXT
    clean = text.clean_paragraph if spec.kind == "paragraph" else text.clean_name
    cleaned = clean(value)
    if len(cleaned) > longest:
        raise ValueError(_("「{label}」最多 {n} 个字", label=_(spec.label), n=longest))
    return spec.check(cleaned) if spec.check else cleaned


def _choice(spec: FieldSpec, value: Any) -> str:
    """Accept the value or its label, in either language, and what else its check knows it by."""
    value = spec.check(value) if spec.check and isinstance(value, str) else value
    if isinstance(value, str) and value in dict(spec.choices):
        return value
    for spoken in LANGUAGES:
        with using(spoken):
            for known, label in spec.choices:
                if value == _(label):
                    return known
    known_ones = _("、").join(
        _("{name}（{key}）", name=known, key=_(label)) for known, label in spec.choices
    )
    raise ValueError(_("「{label}」须为其中之一：{known}", label=_(spec.label), known=known_ones))


def _integer(spec: FieldSpec, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        raise ValueError(_("「{label}」须为整数", label=_(spec.label)))
    return value


def _number(spec: FieldSpec, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(_("「{label}」须为数字", label=_(spec.label)))
    return float(value)


def _money(spec: FieldSpec, value: Any) -> int:
    """Yuan as a text; a bare number would leave open whether it tells yuan or fen."""
    try:
        return money.fen(value)
    except (AttributeError, ValueError):
        sentence = _("「{label}」须为金额（元），例如 480000.00", label=_(spec.label))
        raise ValueError(sentence) from None


def _boolean(spec: FieldSpec, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(_("「{label}」须为是或否", label=_(spec.label)))
    return value


def _day(spec: FieldSpec, value: Any) -> dt.date:
    try:
        return dt.date.fromisoformat(value) if not isinstance(value, dt.date) else value
    except (TypeError, ValueError):
        sentence = _("「{label}」须为日期，例如 2026-11-23", label=_(spec.label))
        raise ValueError(sentence) from None


def _instant(spec: FieldSpec, value: Any) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
        if moment.tzinfo is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise ValueError(value)
        return moment.astimezone(dt.UTC)
    except (AttributeError, TypeError, ValueError):
        sentence = _(
            "「{label}」须为时间，例如 2026-11-23 09:00"
            "（程序接口须带时区：2026-11-23T09:00:00+08:00）",
            label=_(spec.label),
        )
        raise ValueError(sentence) from None


def _partial_date(spec: FieldSpec, value: Any) -> str:
    if isinstance(value, str) and PARTIAL.fullmatch(value) and (len(value) < 10 or _is_day(value)):
        return value
    raise ValueError(_("「{label}」须为年、年-月或年-月-日，例如 1980-05", label=_(spec.label)))


def _is_day(value: str) -> bool:
    try:
        return bool(dt.date.fromisoformat(value))
    except ValueError:
        return False


def _sensitive(spec: FieldSpec, value: Any) -> str:
    """Judge a sensitive value; one with a mask's stars is judged beside the stored one.

    Identifiers are judged as they came: pasted ones carry invisible marks that a name may not.
    """
    if not isinstance(value, str) or "*" in value:
        return _text(spec, value)
    match spec.secret:
        case "citizen_id":
            return identifiers.check_citizen_id(value, clock.today())
        case "phone":
            return identifiers.check_phone(value)
        case "email":
            return identifiers.check_email(value)
        case "birth_date":
            return _partial_date(spec, _text(spec, value))
    return _text(spec, value)


def _reference(spec: FieldSpec, value: Any) -> Any:
    """Accept an id, `{"id": …}`, or for communities `{"code": …}`."""
    if isinstance(value, Mapping):
        keys = {"id", "name", "code"} if spec.kind == "community" else {"id", "name"}
        if not set(value) <= keys or not {"id", "code"} & set(value):
            raise ValueError(_("「{label}」须为编号，例如 12", label=_(spec.label)))
        if "id" in value:
            value = value["id"]
        elif isinstance(value["code"], str):
            return {"code": value["code"].strip()}
    if spec.target is not None and isinstance(value, spec.target):
        value = value.id
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LARGEST:
        raise ValueError(_("「{label}」须为编号，例如 12", label=_(spec.label)))
    return value


JUDGES: dict[str, Callable[[FieldSpec, Any], Any]] = {
    "text": _text,
    "paragraph": _text,
    "integer": _integer,
    "number": _number,
    "money": _money,
    "boolean": _boolean,
    "day": _day,
    "instant": _instant,
    "partial_date": _partial_date,
    "choice": _choice,
    "state": _choice,
    "community": _reference,
    "reference": _reference,
    "sensitive": _sensitive,
}
