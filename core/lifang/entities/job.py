"""Long work: a row that says what is to be done, how far it has come, and how it ended."""

from __future__ import annotations

from typing import Any

import peewee as pw

from lifang.entities.account import Account
from lifang.store.fields import IdField, InstantField, State
from lifang.store.record import Record, Table, ref

KINDS = {"import": "导入", "bulk": "批量操作"}


class Job(Record):
    """One import or bulk action; `done` moves in the transaction of the work itself.

    `asked` holds, as JSON, what was asked for, and `place` the file it works on, if it has one of
    its own. A job without either cannot be taken up by a worker: whoever began it must.
    """

    title = pw.CharField(max_length=200, verbose_name="任务")
    kind = pw.CharField(max_length=10, choices=list(KINDS.items()), verbose_name="类别")
    state = State(
        "状态",
        waiting="待确认",
        queued="排队中",
        running="进行中",
        finished="已完成",
        failed="失败",
        cancelled="已取消",
    )
    account = ref(Account, "发起人", null=True)
    account_id: int | None
    total = pw.IntegerField(default=0, verbose_name="总数")
    done = pw.IntegerField(default=0, verbose_name="已处理")
    created = pw.IntegerField(default=0, verbose_name="新建")
    updated = pw.IntegerField(default=0, verbose_name="修改")
    unchanged = pw.IntegerField(default=0, verbose_name="没有变化")
    failed = pw.IntegerField(default=0, verbose_name="有误")
    note = pw.CharField(max_length=400, null=True, verbose_name="说明")
    started_at: pw.Field[Any] = InstantField(null=True, verbose_name="开始时间")
    finished_at: pw.Field[Any] = InstantField(null=True, verbose_name="结束时间")
    noun = pw.CharField(max_length=120)
    digest = pw.CharField(max_length=64, null=True)
    asked = pw.TextField(default="{}")
    place = pw.CharField(max_length=60, null=True)
    lease_owner = pw.CharField(max_length=80, null=True)
    lease_until: pw.Field[Any] = InstantField(null=True)

    class Meta:
        """A file is recognised by its digest, and what waits is found by its state."""

        table_name = "core_job"
        indexes = ((("noun", "digest"), False), (("state", "id"), False))


class JobProblem(Table):
    """What is wrong with one cell of a job's file, or with one record it should act on."""

    id = IdField()
    job = pw.ForeignKeyField(Job, index=False)
    row = pw.BigIntegerField()
    column = pw.CharField(max_length=200)
    message = pw.TextField()
    expected = pw.TextField()

    class Meta:
        """Read by job, in the order of the rows."""

        table_name = "core_job_problem"
        indexes = ((("job", "row"), False),)


class ColumnMapping(Table):
    """Which field each column of a header row is about, as somebody once said; kept per account."""

    id = IdField()
    account = pw.ForeignKeyField(Account, index=False)
    noun = pw.CharField(max_length=120)
    header = pw.CharField(max_length=64)
    told = pw.TextField()

    class Meta:
        """One for each account, noun and header row."""

        table_name = "core_column_mapping"
        indexes = ((("account", "noun", "header"), True),)
