"""Whose address has answered: mail goes to no other."""

from __future__ import annotations

import peewee as pw

import lifang as lf


class Mailbox(lf.Record):
    """The address of an account, and whether a code that was sent to it came back.

    The address itself stays with the account; here is its mask, by which another one is noticed.
    `community` is where the mail server is set that sends the code.
    """

    account = lf.ref(lf.Account, "账号", anywhere=True)
    community = lf.place("社区", help_text="由这里的邮件服务器发出确认码")
    address = pw.CharField(max_length=120, verbose_name="邮箱")
    code = pw.CharField(max_length=16)
    sent_at = lf.InstantField(verbose_name="确认码发出时间")
    state = lf.State("状态", unconfirmed="未确认", confirmed="已确认")
    account_id: int
    community_id: int

    class Meta:
        """One for each account."""

        table_name = "mail_notices_mailbox"
        unique = (lf.unique("account"),)
