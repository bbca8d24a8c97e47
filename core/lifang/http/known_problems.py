"""Every problem the API can answer with: what it means and what mends it, told at its own address.

A page for each, the description of the API and the reference are written from here; a test compares
`KINDS` with the errors there are and `CODES` with the code that raises them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lifang.kit.errors import problem_type, title_of
from lifang.kit.words import _, n_


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its HTTP status, what it means, and what mends it."""

    status: int
    means: str
    mend: str


KINDS = {
    "malformed": Kind(400, n_("请求读不懂：JSON 有误，或查询参数不认识、写错了。"),
        n_("按 detail 改正后重发；known 列出认识的参数。")),
    "unauthenticated": Kind(401, n_("没有带令牌，或令牌无效、已过期。"),
        n_("请管理员用 lifang token create 发一个令牌，放在 Authorization: Bearer 里。")),
    "forbidden": Kind(403, n_("账号读得到这条记录，但没有办理这件事的权限，或令牌的范围不够。"),
        n_("请管理员授予所需的角色，或换一个范围更大的令牌。")),
    "not_found": Kind(404, n_("不存在、读不到，或插件没有启用：三种情况的回答完全一样。"),
        n_("核对地址和编号；/api/openapi.json 列出这个账号可用的全部地址。")),
    "method_not_allowed": Kind(405, n_("这个地址有，但不支持这种方法。"),
        n_("改用响应头 Allow 列出的方法。")),
    "conflict": Kind(409,
        n_("记录的状态不允许这样做，已有相同的记录，或同一个 Idempotency-Key 用于另一个请求。"),
        n_("先读取记录的现状，再决定做什么；新的请求用新的 Idempotency-Key。")),
    "stale": Kind(412, n_("读取之后，别人先改了这条记录。"),
        n_("current 是现在的内容，changed 是变动的字段：核对后用新的 ETag 重发。")),
    "too_large": Kind(413, n_("请求的正文超过了允许的大小。"),
        n_("分成几次发送；表格请用导入的地址。")),
    "unsupported_media_type": Kind(415, n_("这个地址不接受这种内容类型。"),
        n_("用 Content-Type: application/json 发送；导入的地址接受 CSV 和 XLSX。")),
    "invalid": Kind(422, n_("请求读得懂，但内容不成立；errors 逐个字段说明。"),
        n_("按 errors 里每个字段的 message 改正；code 供程序判断。")),
    "precondition_missing": Kind(428, n_("修改和移除须写明是针对哪个版本的。"),
        n_("先读取记录，把 ETag 的值放在 If-Match 里重发。")),
    "too_many": Kind(429, n_("尝试太频繁。"), n_("等响应头 Retry-After 所说的秒数再试。")),
    "busy": Kind(503, n_("数据库正忙或暂时连不上，这一次没有写入。"),
        n_("等响应头 Retry-After 所说的秒数，用同一个 Idempotency-Key 重发。")),
    "not_ready": Kind(503, n_("实例暂时不能服务：正在升级，缺少密钥或数据库，或磁盘满了。"),
        n_("等响应头 Retry-After 所说的秒数再试；仍不行请联系管理员。")),
    "plugin_failed": Kind(500, n_("一个插件出了错，这个请求没有完成。"),
        n_("把 request_id 告诉管理员。")),
    "error": Kind(500, n_("出了没有预料到的错误；细节只记在服务器的日志里。"),
        n_("把 request_id 告诉管理员。")),
}  # fmt: skip

CODES = {
    "blank": n_("名称不能是空白"), "authority": n_("登记管理部门的代码不存在"),
    "characters": n_("有不允许的字符"), "checksum": n_("校验码不对"),
    "consent": n_("没有所需的同意"), "date": n_("号码里的日期不存在"),
    "different": n_("两次填写的不一样"), "email": n_("不是邮箱地址"), "expired": n_("已经过期"),
    "future": n_("晚于今天"), "invalid": n_("不是这个字段的值；message 说明应当怎样填"),
    "kind": n_("社区的级别不对"), "length": n_("长度不对"), "letters": n_("有不允许的字母"),
    "locked": n_("只能由操作修改，或不能这样修改"), "masked": n_("是遮盖后的值"),
    "objection": n_("异议不能这样办理"), "old_number": n_("已停用的旧号码"),
    "one_of": n_("几个字段只能填其中一个"), "order": n_("先后不对"),
    "payload": n_("事件的内容不对"), "personal": n_("是个人信息，不能改"),
    "prefix": n_("开头几位不对"), "range": n_("超出范围"), "refused": n_("不允许设置"),
    "region": n_("行政区划代码不对"), "required": n_("没有填写"), "same": n_("和自己相同"),
    "scope": n_("范围不对"), "subject_checksum": n_("主体标识码的校验码不对"),
    "too_early": n_("早于允许的日期"), "too_old": n_("年代过早"), "type": n_("类别代码不对"),
    "unknown": n_("没有这个字段或这个值"),
    "unknown_reference": n_("指向的记录不存在，或读不到：两种情况的回答一样"),
    "weak": n_("密码太弱"), "wrong": n_("不对"),
}  # fmt: skip
"""What `errors[].code` says; plugins add words of their own."""


def example(code: str) -> dict[str, Any]:
    """A problem of a kind as it is answered, with invented particulars."""
    sentence = _("请填写「{label}」", label=_("名称"))
    kind, told = KINDS[code], {"code": "required", "field": "name", "message": sentence}
    return {
        "type": problem_type(code),
        "title": title_of(kind.status),
        "status": kind.status,
        "detail": _(kind.means),
        "errors": [told] if code == "invalid" else [],
        "request_id": "d37775fb521d98b1",
        "code": code,
        **({"current": {"id": 7, "version": 3}, "changed": ["name"]} if code == "stale" else {}),
        **({"retry_after": 900} if code == "too_many" else {}),
    }
