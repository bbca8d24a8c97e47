"""The mail server of a place, what it is signed in to with, and who the mail comes from."""

from __future__ import annotations

import lifang as lf

host: lf.Setting[str] = lf.Setting(
    "host",
    str,
    "邮件服务器",
    help="主机名，例如 smtp.example.cn；内部网络的须由系统管理员写入 outbound_allow",
)
port = lf.Setting(
    "port", int, "端口", default=465, minimum=1, maximum=65_535, help="通常是 465 或 587"
)
security = lf.Setting(
    "security",
    str,
    "加密方式",
    default="tls",
    choices={"tls": "全程加密（通常是 465 端口）", "starttls": "先连接再加密（通常是 587 端口）",
             "none": "不加密，也不登录（只用于内部网络）"},
)  # fmt: skip
user = lf.Setting("user", str, "登录用户名", default="", secret=True, help="不填时用发件地址")
password = lf.Setting("password", str, "登录密码", default="", secret=True, help="不填时不登录")
sender_address: lf.Setting[str] = lf.Setting(
    "sender_address", str, "发件地址", help="例如 notice@example.cn"
)
sender_name = lf.Setting(
    "sender_name",
    str,
    "发件人名称",
    default="里坊通知",
    help="收件人看到的名称，例如「城关区民政局」",
)
