"""The operations on one noun, as OpenAPI describes them; each is answered by a view beside this."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifang.api import schemas
from lifang.api.answering import address
from lifang.api.asking import WHEN
from lifang.api.schemas import Schema, ref
from lifang.entities.community import Community
from lifang.entities.job import Job
from lifang.http.listing import LONGEST_SEARCH
from lifang.kit.words import _, _p, language
from lifang.mechanisms import separation
from lifang.resources import schema
from lifang.resources.action import Action
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.resources.verbs import verb_name
from lifang.services import sheets
from lifang.services.bulk import fields
from lifang.services.exchange import FORMATS, forms
from lifang.services.query import MOST, NOW, THEN, Query, filter_fields, sort_names
from lifang.services.uploads import AT_ONCE

Operation = dict[str, Any]
Path = tuple[str, dict[str, Operation]]

READING = (400, 401, 404, 503)
WRITING = (400, 401, 403, 404, 409, 413, 415, 422, 503)
TAG: Schema = {"type": "string", "pattern": '^"[0-9]+"$', "examples": ['"3"']}
IF_MATCH: Schema = {"name": "If-Match", "in": "header", "schema": TAG}
IDEMPOTENCY_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "pattern": "^[!-~]{1,120}$", "examples": ["import-2026-11-30-7"]},
}
ETAG: Schema = {"ETag": {"schema": TAG, "required": True}}
LOCATION: Schema = {"Location": {"schema": {"type": "string"}, "required": True}}
JSON = "application/json"
XLSX = FORMATS["xlsx"]
QUEUED: Schema = {"type": "object", "properties": {"id": schemas.ID}, "required": ["id"]}
YES: Schema = {"type": "boolean", "default": False}
SAID: Schema = {"type": "string", "minLength": 1}
BINARY: Schema = {"type": "string", "format": "binary"}
TABLES: Schema = {"text/csv": {"schema": schemas.TEXT}, XLSX: {"schema": BINARY}}


class Noun:
    """One resource, on its way into the description."""

    def __init__(self, resource: Resource[Any]) -> None:
        """Find its address and the names of its schemas."""
        self.resource = resource
        self.label = _(resource.label)
        self.labels = _p("plural", resource.label)
        self.base = address(resource)
        self.one = f"{self.base}/{{id}}"
        own = [] if resource.plugin == "core" else [resource.plugin]
        self.slug = "_".join([*own, resource.noun])
        self.name = "".join(
            part.capitalize() for part in "_".join([*own, resource.record]).split("_")
        )

    def described(self) -> Iterator[tuple[str, Schema]]:
        """What is sent and answered."""
        yield self.name, schemas.answer(self.resource)
        yield (
            f"{self.name}Create",
            schemas.given(schema.create_fields(self.resource), partial=False),
        )
        yield f"{self.name}Update", schemas.given(schema.update_fields(self.resource), partial=True)
        yield f"{self.name}List", _list_of(self.name)

    def paths(self) -> Iterator[Path]:
        """Every address of the noun."""
        yield self.base, {"get": self._list(), "post": self._create()}
        yield self.one, {"get": self._show(), "patch": self._update(), "delete": self._remove()}
        yield f"{self.one}/history", {"get": self._history()}
        yield f"{self.base}/export", {"get": self._export()}
        yield f"{self.base}/ledger", {"get": self._ledger()}
        for action in self.resource.actions.values():
            yield f"{self.one}/actions/{action.name}", {"post": self._act(action)}
        for verb in (*self.resource.actions, "update", "remove"):
            yield f"{self.base}/actions/{verb}", {"post": self._act_on_many(verb)}
        if any(spec.kind == "sensitive" for spec in self.resource.fields):
            yield f"{self.one}/reveal", {"post": self._reveal()}
        if any(spec.searchable for spec in self.resource.fields):
            yield f"{self.base}/search", {"post": self._search()}
        if any("import" in verbs for verbs in self.resource.roles.values()):
            yield f"{self.base}/import", {"post": self._import()}
        if self.resource.model is Community:
            yield f"{self.one}/lineage", {"get": self._lineage()}
        if self.resource.model is Job:
            yield f"{self.one}/result", {"get": self._result()}

    def operation(
        self,
        verb: str,
        summary: str,
        answers: dict[str, Any],
        refusals: tuple[int, ...],
        **more: Any,
    ) -> Operation:
        """What can be asked at an address of the noun."""
        return operation(f"{verb}_{self.slug}", self.slug, summary, answers, refusals, **more)

    def record(self, summary: str) -> dict[str, Any]:
        """The answer that is one record."""
        return {"description": summary, "headers": ETAG, "content": content(ref(self.name))}

    def _list(self) -> Operation:
        answers = answered(self.labels, ref(f"{self.name}List"))
        paging = [
            parameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST,
                                 "default": Query.limit}, _("一页多少行")),
            parameter("cursor", {"type": "string"}, _("上一页的 next")),
            parameter("count", {"type": "boolean"}, _("同时给出总数")),
        ]  # fmt: skip
        summary = _("列出{label}", label=self.labels)
        return self.operation(
            "list", summary, answers, (*READING, 422), parameters=[*paging, *self._filters()]
        )

    def _filters(self) -> Iterator[Schema]:
        """What narrows and orders a list, also one that is exported."""
        names = sort_names(self.resource)
        orders = [*names, *(f"-{name}" for name in names)]
        yield parameter("sort", {"type": "string", "enum": orders, "default": "id"}, _("排序"))
        if self.resource.scope is not None:
            yield parameter("within", {"type": "string"}, _("只看这个编号的社区及其下级"))
            trees = {"type": "string", "enum": [NOW, THEN], "default": NOW}
            yield parameter("tree", trees, _("按现在的区划，或按每条记录当时的区划"))
        if self.resource.search:
            most = {"type": "string", "maxLength": LONGEST_SEARCH}
            yield parameter("q", most, _("名称的任意部分，或拼音首字母"))
        for spec in filter_fields(self.resource):
            yield from _filter(spec)

    def _create(self) -> Operation:
        summary = _("新建{label}", label=self.label)
        made = self.record(summary)
        made["headers"] = ETAG | LOCATION
        return self.operation(
            "create", summary, {"201": made}, WRITING,
            parameters=[IDEMPOTENCY_KEY], requestBody=body(ref(f"{self.name}Create")),
        )  # fmt: skip

    def _show(self) -> Operation:
        summary = _("查看{label}", label=self.label)
        known = {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}}
        answers = {"200": self.record(summary), "304": {"description": _("没有变化")}}
        return self.operation("show", summary, answers, READING, parameters=[ID, known])

    def _update(self) -> Operation:
        summary = _("修改{label}", label=self.label)
        return self.operation(
            "update", summary, {"200": self.record(summary)}, (*WRITING, 412, 428),
            parameters=[ID, {**IF_MATCH, "required": True}],
            requestBody=body(ref(f"{self.name}Update")),
        )  # fmt: skip

    def _remove(self) -> Operation:
        summary = _("移除{label}", label=self.label)
        return self.operation(
            "remove", summary, {"204": {"description": _("已移除")}},
            (400, 401, 403, 404, 409, 412, 428, 503),
            parameters=[ID, {**IF_MATCH, "required": True}],
        )  # fmt: skip

    def _act(self, action: Action) -> Operation:
        summary = _(action.label)
        asked = schemas.given((*action.fields, WHEN), partial=False)
        needed, answer = "required" in asked, self.record(summary)
        parameters = [ID, IF_MATCH, IDEMPOTENCY_KEY]
        if action.preview:
            parameters.append(parameter("dry_run", YES, _("只预览，不写入")))
            either = {"anyOf": [ref(self.name), ref("Preview")]}
            answer = {"description": summary, "content": content(either)}
        return self.operation(
            action.name, summary, {"200": answer}, (*WRITING, 412), parameters=parameters,
            requestBody=body(asked, required=needed), description=self._moves(action),
        )  # fmt: skip

    def _moves(self, action: Action) -> str:
        """What an action does to the state of a record, and who must not do it."""
        labels = {key: _(label) for spec in self.resource.fields if spec.kind == "state"
                  for key, label in spec.choices}  # fmt: skip
        other = _("任何状态")
        moves = _("、").join(
            f"{labels.get(old, other)} → {labels.get(new, new)}"
            for old, new in action.moves.items()
        )
        told = [
            *([action.doc] if language() == "en" else []),  # authors explain in English
            _("状态：{moves}。其他状态回答 409。", moves=moves) if moves else _("不改变状态。"),
            separation.rule_of(self.resource, action),
            _("带上 Idempotency-Key，重发不会办理两次。"),
        ]
        return " ".join(filter(None, told))

    def _act_on_many(self, verb: str) -> Operation:
        given = schemas.given((*fields(self.resource, verb), WHEN), partial=verb == "update")
        summary = _("批量{verb}：{label}", verb=verb_name(self.resource, verb), label=self.labels)
        queued = {"description": _("排队中"), "headers": LOCATION, "content": content(QUEUED)}
        done = {"description": summary, "content": content(ref("Bulk"))}
        return self.operation(
            f"{verb}_many", summary, {"200": done, "202": queued}, WRITING,
            parameters=[IDEMPOTENCY_KEY], requestBody=body(schemas.many(given)),
        )  # fmt: skip

    def _history(self) -> Operation:
        summary = _("{label}的变动记录", label=self.label)
        answers = answered(summary, ref("History"))
        return self.operation("history", summary, answers, READING, parameters=[ID])

    def _lineage(self) -> Operation:
        summary = _("{label}的沿革", label=self.label)
        answers = answered(summary, schemas.LINEAGE)
        return self.operation("lineage", summary, answers, READING, parameters=[ID])

    def _reveal(self) -> Operation:
        secret = [spec.name for spec in self.resource.fields if spec.kind == "sensitive"]
        one_of_them: Schema = {"type": "string", "enum": secret}
        several = {"type": "array", "minItems": 1, "items": one_of_them}
        asked = exactly(fields=several, reason=SAID)
        values = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
        shown = schemas.whole(fields=values)
        summary = _("查看{label}的敏感信息；原因会记入审计", label=self.label)
        answers = answered(summary, shown)
        return self.operation(
            "reveal", summary, answers, WRITING, parameters=[ID], requestBody=body(asked)
        )

    def _search(self) -> Operation:
        found = {spec.name: [schemas.invented_secret(spec)]
                 for spec in self.resource.fields if spec.searchable}  # fmt: skip
        properties: dict[str, Schema] = {
            key: {"type": "string", "examples": said} for key, said in found.items()
        }
        properties["limit"] = {"type": "integer", "minimum": 1, "maximum": MOST}
        properties["cursor"] = {"type": "string"}
        asked = exactly(**properties) | {"anyOf": [{"required": [key]} for key in found]}
        del asked["required"]
        summary = _("按完整的号码查找{label}", label=self.labels)
        answers = answered(summary, ref(f"{self.name}List"))
        return self.operation("search", summary, answers, WRITING, requestBody=body(asked))

    def _export(self) -> Operation:
        rows = schemas.whole(items={"type": "array", "items": ref(self.name)})
        summary = _("导出{label}", label=self.labels)
        own = forms(self.resource)
        one, said = "|".join(self.resource.by_name), _("表格只要这些列，逗号分隔；默认全部")
        shape = {"type": "string", "pattern": f"^({one})(,({one}))*$"}
        made = self._file("export", summary, "csv", rows, [parameter("columns", shape, said)])
        made["parameters"][0]["schema"]["enum"] = list(own)
        for kind in {kind for name, (_label, kind, _suffix) in own.items() if name not in FORMATS}:
            made["responses"]["200"]["content"].setdefault(kind, {"schema": BINARY})
        return made

    def _ledger(self) -> Operation:
        stated = _("用途，记入审计；有权的人说明用途后，敏感信息不遮盖")
        asked = [parameter("purpose", {"type": "string", "minLength": 1}, stated)]
        text = {"type": "array", "items": {"type": "string"}}
        line = {"type": "string"}
        rows = schemas.whole(title=line, notes=text, columns=text, rows=schemas.TABLE)
        summary = _("打印用的{label}台账", label=self.labels)
        return self._file("ledger", summary, "xlsx", rows, asked)

    def _file(
        self, verb: str, summary: str, default: str, rows: Schema, asked: list[Schema]
    ) -> Operation:
        """A list as a file of a kind that the address may choose."""
        kinds = {"type": "string", "enum": list(FORMATS), "default": default}
        told = TABLES | content(rows)
        answers = {"200": {"description": summary, "content": told}}
        asked = [parameter("format", kinds, _("文件格式")), *asked, *self._filters()]
        return self.operation(verb, summary, answers, (*READING, 403, 422), parameters=asked)

    def _result(self) -> Operation:
        form = {"type": "string", "enum": ["json", "csv"], "default": "json"}
        summary = _("任务的结果；有误的行为 CSV")
        told = {**content(ref("Imported")), "text/csv": {"schema": {"type": "string"}}}
        answers = {"200": {"description": summary, "content": told}}
        asked = [ID, parameter("format", form, _("文件格式"))]
        return self.operation("result", summary, answers, (*READING, 403), parameters=asked)

    def _import(self) -> Operation:
        asked = [
            parameter("dry_run", YES, _("只检查，不写入")),
            parameter("skip_invalid", YES, _("跳过有误的行，导入其余的")),
        ]
        form = {"type": "object", "required": ["file"], "properties": {"file": BINARY}}
        specs = schema.create_fields(self.resource)
        names = ",".join(sheets.column_name(self.resource, spec) for spec in specs)
        table = {"schema": schemas.TEXT | {"examples": [f"{names}\n"]}}
        told = TABLES | {"text/csv": table, "multipart/form-data": {"schema": form}}
        summary = _("导入{label}：列 {names}", label=self.labels, names=names)
        said = _("超过 {n} 行：成为一项任务", n=AT_ONCE)
        queued = {"description": said, "headers": LOCATION, "content": content(QUEUED)}
        done = {"description": summary, "content": content(ref("Imported"))}
        answers = {"200": done, "202": queued}
        return self.operation(
            "import", summary, answers, WRITING, parameters=asked,
            requestBody={"required": True, "content": told},
        )  # fmt: skip


def named(name: str, made: Schema = schemas.TEXT) -> Schema:
    """What a part of an address says."""
    return {"name": name, "in": "path", "required": True, "schema": made}


ID = named("id", schemas.ID)


def exactly(**properties: Schema) -> Schema:
    """An object with these members and no others."""
    return {**schemas.whole(**properties), "additionalProperties": False}


def answered(summary: str, made: Schema) -> dict[str, Any]:
    """The one answer that is no refusal, as JSON."""
    return {"200": {"description": summary, "content": content(made)}}


def operation(
    name: str,
    tag: str,
    summary: str,
    answers: dict[str, Any],
    refusals: tuple[int, ...],
    **more: Any,
) -> Operation:
    """What can be asked at an address, how it is answered, and how it is refused."""
    problems = {str(status): problem(status) for status in refusals}
    return {
        "operationId": name,
        "summary": summary,
        "tags": [tag],
        "responses": {**answers, **problems, "default": problem(0)},
        **more,
    }


def problem(status: int) -> Schema:
    """Point at a shared refusal; 0 stands for any other."""
    return {"$ref": f"#/components/responses/{problem_name(status)}"}


def problem_name(status: int) -> str:
    """What the refusals of a status are called."""
    return f"Problem{status}" if status else "Problem"


def _list_of(name: str) -> Schema:
    made = schemas.whole(items={"type": "array", "items": ref(name)}, next=schemas.TEXT_OR_NONE)
    made["properties"]["count"] = {"type": "integer"}
    return made


def content(made: Schema) -> Schema:
    """What a JSON body looks like."""
    return {JSON: {"schema": made}}


def body(made: Schema, *, required: bool = True) -> Schema:
    """What a request sends."""
    return {"required": required, "content": content(made)}


def parameter(name: str, made: Schema, said: str) -> Schema:
    """What an address may ask."""
    return {"name": name, "in": "query", "schema": made, "description": said}


def _filter(spec: FieldSpec) -> Iterator[Schema]:
    """A field's filters: repeated values mean or; ranges and emptiness where they make sense."""
    label, value = _(spec.label), schemas.filtered(spec)
    yield parameter(spec.name, {"type": "array", "items": value}, label)
    if spec.virtual:
        return
    yield parameter(f"{spec.name}__not", {"type": "array", "items": value}, _("不是：") + label)
    if spec.kind in schemas.ORDERED:
        yield parameter(f"{spec.name}__gte", value, _("不小于：") + label)
        yield parameter(f"{spec.name}__lte", value, _("不大于：") + label)
    if spec.null:
        yield parameter(f"{spec.name}__isnull", {"type": "boolean"}, _("没有填写：") + label)
