"""Notices by mail (邮件通知): what is in somebody's inbox also reaches their mailbox."""

import lifang as lf
from lifang_mail_notices.confirming import asked
from lifang_mail_notices.events import handlers
from lifang_mail_notices.resources import desk, mailboxes
from lifang_mail_notices.sending import deliver_message, health
from lifang_mail_notices.settings import (
    host,
    password,
    port,
    security,
    sender_address,
    sender_name,
    user,
)

plugin = lf.Plugin(
    "mail_notices",
    "邮件通知",
    resources=[mailboxes],
    handlers=handlers,
    notices=[asked],
    desk=desk,
    hooks=[deliver_message, health],
    settings=[host, port, security, user, password, sender_address, sender_name],
)
