"""An address is confirmed by the code that was sent to it."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Annotated

import lifang as lf
from lifang import _
from lifang_mail_notices.models import Mailbox

ALPHABET, LENGTH = "23456789ABCDEFGHJKMNPQRSTUVWXYZ", 8
"""Characters none of which is taken for another; some 40 bits, too many to guess one by one."""
Code = Annotated[str, "确认码", "见寄到这个邮箱的邮件", lf.CheckIn.passing]
PAUSE = dt.timedelta(minutes=10)
"""Between two codes that somebody asks for: the address may be somebody else's."""

asked = lf.Notice(
    "mail_notices.confirm",
    "邮箱待确认",
    "已向 {address} 寄出确认码，请在「邮箱确认」里填写；确认以前，通知只进收件箱",
    required=True,
)


def fill(mailbox: Mailbox, caller: lf.Caller) -> None:
    """A rule: a new one has a code, and the mask of the address its account has."""
    if not Mailbox.select().where(Mailbox.id == mailbox.id).exists():
        _draw(mailbox)


def ask(mailbox: Mailbox, caller: lf.Caller) -> None:
    """Tell whoever it is; what carries the notice to the address carries the code along."""
    account: lf.Account = lf.Account.get_by_id(mailbox.account_id)
    key = mailbox.sent_at.isoformat()
    asked.send(mailbox, caller, to=account, key=key, address=mailbox.address)


def _draw(mailbox: Mailbox) -> None:
    account: lf.Account = lf.Account.get_by_id(mailbox.account_id)
    mailbox.address = account.__data__["email_mask"] or "—"
    mailbox.code = "".join(secrets.choice(ALPHABET) for _place in range(LENGTH))
    mailbox.sent_at = lf.now()


@lf.action("确认", moves={"unconfirmed": "confirmed"})
def confirm(mailbox: Mailbox, caller: lf.Caller, *, code: Code) -> None:
    """Enter the code that has come: from now on notices are sent there."""
    if "".join(code.split()).upper() != mailbox.code:
        raise lf.Invalid.about("code", "wrong", _("确认码不对；请照最近一封邮件填写"))


@lf.action(
    "重寄确认码",
    event="asked_again",
    when=lambda view: view["state"] == "unconfirmed",
    among={"id": 0},
    waits=False,
)
def ask_again(mailbox: Mailbox, caller: lf.Caller) -> None:
    """Have another code sent, ten minutes after the last one at the earliest."""
    if mailbox.state != "unconfirmed":
        raise lf.Conflict(_("这个邮箱已经确认"))
    if mailbox.sent_at + PAUSE > lf.now():
        raise lf.Conflict(_("确认码刚刚寄出；请十分钟以后再试"))
    _draw(mailbox)
    ask(mailbox, caller)


@lf.action(
    "更换邮箱",
    moves={"unconfirmed": "unconfirmed", "confirmed": "unconfirmed"},
    event="changed",
    when=lambda _view: False,
    waits=False,
)
def change(mailbox: Mailbox, caller: lf.Caller) -> None:
    """The account has another address, which nobody has confirmed."""
    _draw(mailbox)
    ask(mailbox, caller)
