"""What is kept: where events are sent, and how the latest sendings went."""

from __future__ import annotations

import peewee as pw

import lifang as lf


class Endpoint(lf.Record):
    """An address of another system that is told what happens in a community and below it."""

    name = pw.CharField(max_length=60, verbose_name="名称")
    community = lf.place("社区", help_text="这里和下级发生的事件会发出")
    address = pw.CharField(
        max_length=500,
        verbose_name="接收网址",
        help_text="https:// 开头，例如 https://example.cn/hook",
    )
    types = pw.TextField(
        verbose_name="事件类型", help_text="每行一个，例如 core.person.moved；* 表示全部"
    )
    form = pw.CharField(
        max_length=10,
        choices=[("structured", "整个事件在正文里"), ("binary", "正文只有内容，其余在请求头里")],
        default="structured",
        verbose_name="CloudEvents 格式",
    )
    secret = pw.CharField(max_length=40, null=True, verbose_name="签名密钥")  # its last characters
    salt = pw.CharField(max_length=32, null=True)
    former_salt = pw.CharField(max_length=32, null=True)
    rotated_at = lf.InstantField(null=True, verbose_name="密钥更换时间")
    state = lf.State("状态", active="发送中", paused="已暂停")
    reason = pw.CharField(max_length=200, null=True, verbose_name="暂停原因")
    last_success = lf.InstantField(null=True, verbose_name="最近一次成功")
    last_failure = lf.InstantField(null=True, verbose_name="最近一次失败")
    problem = pw.CharField(max_length=200, null=True, verbose_name="最近一次失败的原因")
    failing_since = lf.InstantField(null=True)

    class Meta:
        """One name in one community."""

        table_name = "webhooks_endpoint"
        unique = (lf.unique("community", "name"),)


class Attempt(lf.Record):
    """One try to send one event: what was answered, never what the answer said."""

    endpoint = lf.ref(Endpoint, "接收地址")
    at = lf.InstantField(verbose_name="时间")
    type = pw.CharField(max_length=120, verbose_name="事件类型")
    event = pw.BigIntegerField(verbose_name="事件位置")
    delivery = pw.BigIntegerField(verbose_name="投递位置")
    status = pw.IntegerField(null=True, verbose_name="状态码")
    ms = pw.IntegerField(verbose_name="毫秒")
    error = pw.CharField(max_length=200, null=True, verbose_name="错误")

    class Meta:
        """Written by the machine, the latest fifty of each endpoint."""

        table_name = "webhooks_attempt"
