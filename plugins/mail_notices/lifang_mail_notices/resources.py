"""Addresses as their owners confirm them."""

from __future__ import annotations

import lifang as lf
from lifang_mail_notices import confirming
from lifang_mail_notices.models import Mailbox

mailboxes = lf.Resource(
    Mailbox,
    label="邮箱确认",
    noun="mailboxes",
    columns=("address", "state", "sent_at"),
    owner="account",
    hidden=("code",),
    locked=("address", "sent_at"),
    rules=[confirming.fill],
    saved=[confirming.ask],
    actions=[confirming.confirm, confirming.ask_again, confirming.change],
    roles={"resident": "read:own confirm:own ask_again:own"},
    never="create update remove import export change",
)

desk = lf.Desk([
    lf.Desk.panel(
        "接收通知的邮箱", mailboxes, {}, reach="own", limit=1,
        columns=("address", "state", "sent_at"), actions=("confirm", "ask_again"),
        empty="您还没有填写邮箱。请在「收件箱 · 接收哪些通知」里填写。",
    ),
])  # fmt: skip
"""What everybody finds of their own address; also on `/me`."""
