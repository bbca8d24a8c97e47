"""The description of the API as pages meet it: made by the API, which pages do not import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import current_app
from flask.sansio.app import App

from lifang.kit.words import _, n_

Describe = Callable[[], dict[str, Any]]

CONVENTIONS = (
    (n_("登录"), n_(
        "每个请求带上 Authorization: Bearer 令牌。令牌由 lifang token create 发出，权限不超过"
        "它的账号。每个账号只看得到自己能用的地址；不登录时看到的是核心的地址。")),
    (n_("语言"), n_(
        "Accept-Language: zh 或 en 决定说明和错误的语言；字段名、代号和数据不变。")),
    (n_("分页"), n_(
        "列表回答 items 和 next。next 不是 null 时，用 cursor=next 取下一页；limit 是每页的行"
        "数，最多 1000；count=true 同时给出总数。不认识的查询参数回答 400，并列出认识的。")),
    (n_("版本"), n_(
        "回答一条记录时，ETag 是它的版本。修改和移除须带 If-Match：别人先改了回答 412，附上现"
        "在的内容；没有带回答 428。读取时带 If-None-Match，没有变化就回答 304。")),
    (n_("重发"), n_(
        "列有 Idempotency-Key 的 POST 可以带上它。没有收到回答就用同一个值重发：24 小时内只办"
        "理一次，第二次得到与第一次相同的结果。")),
    (n_("字段的写法"), n_(
        "日期写作 2026-11-30，时间带时区，金额以元为单位写作文字。指向别的记录时填编号，社区"
        "也可以写成只有 code 的对象。敏感字段遮盖；原样送回的遮盖值表示不变。")),
    (n_("移除的记录"), n_(
        "移除之后不再列出，但没有删除。读不到的和不存在的回答完全一样：404。")),
    (n_("问题"), n_(
        "出错时回答 application/problem+json（RFC 9457）：type 是说明这种问题的地址，code 是"
        "它的代号，detail 是给人看的一句话，errors 逐个字段说明，request_id 在日志里也有。")),
)  # fmt: skip
"""What holds of every operation."""


def describe_with(app: App, describe: Describe) -> None:
    """Let pages show the description: `describe` makes that of whoever is asking."""
    app.extensions["lifang.describe"] = describe


def described() -> dict[str, Any]:
    """The description (OpenAPI 3.1) of what the asking account can use."""
    describe: Describe = current_app.extensions["lifang.describe"]
    return describe()


def conventions() -> list[tuple[str, str]]:
    """Each with its heading, in the reader's language."""
    return [(_(heading), _(text)) for heading, text in CONVENTIONS]
