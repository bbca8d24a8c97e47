"""Forms: one question for each field of the declaration, what was answered, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lifang.entities.caller import Caller
from lifang.kit.errors import Invalid, LifangError
from lifang.kit.words import _, _p
from lifang.resources import schema, written
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services import checks
from lifang.services.presenting import View
from lifang.web import pointers

POINTING = frozenset({"reference", "community"})
BORN = ("birth_date",)
PARTS = ("year", "month", "day")
WIDGETS = {
    "paragraph": "area",
    "choice": "select",
    "state": "select",
    "boolean": "select",
    "day": "date",
    "integer": "whole",
    "number": "number",
    "money": "number",
    "instant": "datetime-local",
}


@dataclass(frozen=True)
class Control:
    """One question as it stands: `was` is what the answer was before anybody touched it.

    `pick` is where what fits is offered while somebody types.
    """

    spec: FieldSpec
    value: str = ""
    was: str = ""
    error: str | None = None
    note: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    hints: tuple[str, ...] = ()
    pick: str = ""

    @property
    def name(self) -> str:
        """The name it is sent under."""
        return self.spec.name

    @property
    def label(self) -> str:
        """What is asked for."""
        return _(self.spec.label)

    @property
    def widget(self) -> str:
        """How it is asked: select, area, date, partial, whole, number or text."""
        if _is_partial(self.spec):
            return "partial"
        return "select" if self.options else WIDGETS.get(self.spec.kind, "text")

    @property
    def parts(self) -> list[tuple[str, str, str]]:
        """The year, the month and the day of a partial date: each name, what it is, its answer."""
        said = [*self.value.split("-", 2), "", ""]
        names = zip(
            PARTS, (_p("date", "年"), _p("date", "月"), _p("date", "日")), said, strict=False
        )
        return [(f"{self.name}.{part}", label, value) for part, label, value in names]

    @property
    def pointing(self) -> bool:
        """Whether a record is asked for, which can be looked for."""
        return self.spec.kind in POINTING

    @property
    def optional(self) -> bool:
        """Whether it may stay empty; what has a default never is."""
        return not self.spec.required and (self.spec.null or self.spec.default is None)

    @property
    def touched(self) -> bool:
        """Whether the answer differs from what it was."""
        return self.value != self.was

    @property
    def help(self) -> str:
        """How to answer, in one line."""
        if self.pointing:
            return _("填写编号或完整名称；不确定时点「查找」")
        if self.widget == "partial":
            return _("不知道日或月的，可以只填到年或月")
        if self.spec.kind == "money" and not self.spec.help:
            return _("单位：元，可带两位小数")
        return _(self.spec.help) if self.spec.help else ""


def questions(resource: Resource[Any], verb: str) -> tuple[FieldSpec, ...]:
    """What a form asks for: the fields of a new or standing record, or the input of an action."""
    if verb == "create":
        return schema.create_fields(resource)
    if verb == "update":
        return schema.update_fields(resource)
    return resource.actions[verb].fields


def blank(caller: Caller, specs: Iterable[FieldSpec], given: Mapping[str, str]) -> list[Control]:
    """The questions of a new record; `given` answers some of them beforehand."""
    return [
        _asked(caller, spec, Control(spec, value=pointers.named(caller, spec, said)))
        for spec in specs
        for said in (given.get(spec.name) or _default(spec) or pointers.own(caller, spec),)
    ]


def filled(
    caller: Caller, specs: Iterable[FieldSpec], view: View, given: Mapping[str, str]
) -> list[Control]:
    """The questions about a standing record, answered as it is now; `given` proposes otherwise."""
    controls = []
    for spec in specs:
        now = _text(spec, view.get(spec.name))
        control = Control(spec, value=now, was=now)
        if spec.name in given and spec.kind != "sensitive":
            shown = written.show(spec, view.get(spec.name)) or _("空")
            note = _("现在是「{value}」；保存后改为这里填写的", value=shown)
            said = pointers.named(caller, spec, given[spec.name])
            control = replace(control, value=said, note=note)
        controls.append(_asked(caller, spec, control))
    return controls


def answered(caller: Caller, specs: Iterable[FieldSpec], form: Mapping[str, str]) -> list[Control]:
    """The questions as they came back."""
    return [
        _asked(
            caller,
            spec,
            Control(spec, value=_said(spec, form), was=form.get(f"was.{spec.name}", "")),
        )
        for spec in specs
    ]


def _is_partial(spec: FieldSpec) -> bool:
    return spec.kind == "partial_date" or spec.secret in BORN


def _said(spec: FieldSpec, form: Mapping[str, str]) -> str:
    """An answer as it came; of a partial date, also one in three fields: `1980`, `5` is 1980-05."""
    if spec.name in form or not _is_partial(spec):
        return form.get(spec.name, "")
    said = [form.get(f"{spec.name}.{part}", "").strip() for part in PARTS]
    return "-".join(one and one.zfill(2) for one in said).rstrip("-")


def payload(
    caller: Caller, controls: list[Control], *, all_of_them: bool = True
) -> tuple[dict[str, Any], list[Control]]:
    """What the answers say, for the gateway, and the controls with what could not be understood.

    Without `all_of_them` only what was touched is told: the rest stays as it is.
    """
    told: dict[str, Any] = {}
    judged = []
    for control in controls:
        if not all_of_them and not control.touched:
            judged.append(control)
        elif control.pointing:
            pointer = pointers.point(caller, control.spec, control.value)
            told[control.name] = pointer.value
            judged.append(_pointed(control, pointer))
        else:
            told[control.name] = written.read(control.spec, control.value)
            judged.append(control)
    return told, judged


def looked_for(caller: Caller, controls: list[Control], name: str) -> list[Control]:
    """The controls with the records one of them was asked to look for."""

    def look(control: Control) -> Control:
        if control.name != name or not control.pointing:
            return control
        pointer = pointers.search(caller, control.spec, control.value)
        return _pointed(control, pointer)

    return [look(control) for control in controls]


def blamed(controls: list[Control], error: LifangError) -> list[Control]:
    """The controls with what the gateway found wrong with each."""
    wrong = {problem.field: problem.message for problem in error.errors}
    return [replace(c, error=c.error or wrong.get(c.name)) for c in controls]


def complained(
    resource: Resource[Any], verb: str, told: dict[str, Any], controls: list[Control]
) -> list[Control]:
    """The controls with whatever else is wrong, so that nobody has to correct a form twice."""
    try:
        checks.shape(resource, verb, told)
    except Invalid as error:
        return blamed(controls, error)
    return controls


def overtaken(controls: list[Control], current: View, changed: list[str]) -> list[Control]:
    """The controls beside what somebody else saved meanwhile; one's own answers are kept."""

    def beside(control: Control) -> Control:
        now = _text(control.spec, current.get(control.name))
        if not control.touched:
            note = _("已更新为别人刚保存的内容") if control.name in changed else None
            return replace(control, value=now, was=now, note=note)
        told = written.show(control.spec, current.get(control.name)) or _("空")
        note = _("别人已改为「{value}」；保存将以您填写的为准", value=told)
        return replace(control, was=now, note=note if control.name in changed else None)

    return [beside(control) for control in controls]


def _asked(caller: Caller, spec: FieldSpec, control: Control) -> Control:
    if control.pointing:
        hints = pointers.suggestions(caller, spec)
        return replace(control, hints=hints, pick=pointers.offering(caller, spec))
    return replace(control, options=_options(spec))


def _options(spec: FieldSpec) -> tuple[tuple[str, str], ...]:
    if spec.kind == "boolean":
        known: tuple[tuple[str, str], ...] = (("true", _("是")), ("false", _("否")))
    else:
        known = tuple((value, _(label)) for value, label in spec.choices)
    if not known or (spec.default is not None and not spec.null):
        return known
    return (("", _("请选择") if spec.required else "—"), *known)


def _pointed(control: Control, pointer: pointers.Pointer) -> Control:
    """A control with the records its words could mean; a single one is chosen beforehand."""
    value = pointer.matches[0][0] if len(pointer.matches) == 1 else control.value
    options = _choosing(pointer.matches)
    return replace(control, value=value, error=pointer.problem, options=options)


def _choosing(matches: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return (("", _("请选择，或留空重新填写")), *matches) if matches else ()


def _default(spec: FieldSpec) -> str:
    return "" if spec.default is None else _text(spec, spec.default)


def _text(spec: FieldSpec, value: Any) -> str:
    """A value as its control holds it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if spec.kind in POINTING:
        return pointers.words(spec, value)
    return written.write(spec, value)
