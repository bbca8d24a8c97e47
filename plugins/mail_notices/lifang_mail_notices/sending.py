"""From a notice to a mail, and what becomes of one that was not taken."""

from __future__ import annotations

import smtplib
import time
from email.headerregistry import Address
from email.message import EmailMessage

import lifang as lf
from lifang import _
from lifang_mail_notices import confirming, settings
from lifang_mail_notices.resources import mailboxes
from lifang_mail_notices.server import Server, Unusable

BUSY, UNUSABLE = 600, 1_800
"""Seconds until the next try: by a server that is busy, and by one that cannot be used."""

PATIENCE = 0.8
"""Seconds for all servers together, when it is asked whether they are there."""

REFUSED = 500
"""From here on a reply code says that no other try will help."""


@lf.hookimpl
def deliver_message(caller: lf.Caller, message: lf.Notice.Message) -> None:
    """Send a notice to whoever gave an address and confirmed it; before that, only the code."""
    proof = _code(caller, message)
    if message.email is None or proof is None:
        return
    server, mail = Server.at(caller, message.community), written(message, proof)
    try:
        server.send(mail)
    except (Unusable, smtplib.SMTPSenderRefused) as error:
        why = _("它不接受发件地址") if isinstance(error, smtplib.SMTPSenderRefused) else str(error)
        raise lf.RetryAfter(UNUSABLE, _at(server, why)) from error
    except smtplib.SMTPRecipientsRefused as error:
        [(code, _said)] = error.recipients.values()
        _give_up_or_wait(code, _("收件地址被拒绝（{code}）", code=code))
    except smtplib.SMTPResponseException as error:
        _give_up_or_wait(error.smtp_code, _at(server, _("它回答 {code}", code=error.smtp_code)))


def _code(caller: lf.Caller, message: lf.Notice.Message) -> str | None:
    """The code that is sent along, none of it for a confirmed address; None: nothing is sent.

    Whom nobody has asked yet is asked now, and told of this by their inbox alone.
    """
    kept = lf.find(mailboxes, caller, account=message.account)
    if message.kind == confirming.asked.name:
        return kept.code if kept is not None and kept.state == "unconfirmed" else None
    if kept is None and message.email is not None:
        told = {"account": message.account, "community": message.community.id}
        lf.write(mailboxes, "create", caller, told)
    confirmed = kept is not None and kept.state == "confirmed" and kept.address == _mask(message)
    return "" if confirmed else None


def _mask(message: lf.Notice.Message) -> str:
    """What the account shows of its address now: it may have changed a moment ago."""
    return str(lf.Account.get_by_id(message.account).__data__["email_mask"])


def _at(server: Server, why: str) -> str:
    return _("邮件服务器 {host}:{port}：{why}", host=server.host, port=server.port, why=why)


def _give_up_or_wait(code: int, told: str) -> None:
    if code >= REFUSED:
        raise lf.Dead(told)
    raise lf.RetryAfter(BUSY, told)


def written(message: lf.Notice.Message, code: str = "") -> EmailMessage:
    """The mail of a notice: a sentence and where it is found, known again by its Message-ID."""
    place = message.community
    name, address = settings.sender_name(place), settings.sender_address(place)
    try:
        sender = Address(_one_line(name), addr_spec=address)
    except ValueError as error:
        raise lf.RetryAfter(UNUSABLE, _("发件地址的写法有误")) from error
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = Address(addr_spec=message.email or "")
    mail["Subject"] = _one_line(message.title)
    mail["Date"] = message.at
    mail["Message-ID"] = f"<{message.key.replace('/', '.')}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    where = message.link or _("请登录里坊，在收件箱里查看。")
    told = "\n".join([message.text, *([_("确认码：{code}", code=code)] if code else [])])
    how = _("不想再收到这样的邮件，可以在里坊「收件箱 · 接收哪些通知」里关闭。")
    mail.set_content(f"{told}\n\n{where}\n\n-- \n{how}\n")
    mail["Content-Language"] = message.language  # not before: a content brings its own headers
    return mail


def _one_line(told: str) -> str:
    return " ".join(told.split())


@lf.hookimpl
def health(caller: lf.Caller) -> list[str]:
    """Name each server that cannot be reached from here; nothing is sent."""
    switched = caller.snapshot.switches.get("mail_notices", ())
    nodes = [one.node for one in switched if one.on]
    servers = {
        Server.at(caller, place)
        for place in lf.Community.select().where(lf.Community.id.in_(nodes))
        if settings.host.word(place) is not None
    }
    end = time.monotonic() + PATIENCE
    return [_at(one, why) for one in servers if (why := _hindrance(one, end))]


def _hindrance(server: Server, end: float) -> str:
    try:
        server.greet(max(0.05, end - time.monotonic()))
    except Unusable as error:
        return str(error)
    return ""
