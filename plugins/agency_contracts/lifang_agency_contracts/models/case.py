"""What a social worker knows of somebody, and nobody else is to know."""

from __future__ import annotations

import peewee as pw

import lifang as lf
from lifang_agency_contracts.models.contract import Contract

SEXES = {"unknown": "未知", "male": "男", "female": "女", "unspecified": "未说明"}


class CaseFile(lf.Record):
    """One case of a contract: read by its worker and their supervisor, and by nobody above them.

    `called` is what everybody else calls it, such as 案主A. When its contract is over, nobody reads
    it any more: the provider was entrusted with it for the contract (个人信息保护法 第二十一条).
    """

    contract = lf.ref(Contract, "合同")
    contract_id: int
    called = pw.CharField(max_length=20, verbose_name="代称", help_text="例如 案主A，不含姓名")
    client = pw.CharField(max_length=60, verbose_name="案主姓名")
    sex = pw.CharField(
        max_length=12, choices=list(SEXES.items()), default="unknown", verbose_name="性别"
    )
    born = pw.IntegerField(null=True, verbose_name="出生年份")
    situation = pw.TextField(verbose_name="情况和需求")
    plan = pw.TextField(null=True, verbose_name="服务计划")
    outcome = pw.TextField(null=True, verbose_name="结案小结")
    worker = lf.ref(lf.Person, "承办社工", null=True, backref="+")
    worker_id: int | None
    supervisor = lf.ref(lf.Person, "督导", null=True, backref="+")
    supervisor_id: int | None
    expert = lf.ref(lf.Person, "评估专家", null=True, backref="+")
    expert_id: int | None
    state = lf.State("状态", open="服务中", closed="已结案", returned="已交还")

    class Meta:
        """An alias stands once in a contract."""

        table_name = "agency_contracts_case_file"
        unique = (lf.unique("contract", "called"),)


class CaseNote(lf.Record):
    """What happened in a case on a day."""

    case = lf.ref(CaseFile, "个案")
    case_id: int
    day = lf.DayField(verbose_name="日期")
    text = pw.TextField(verbose_name="过程记录")

    class Meta:
        """Read in the order of days."""

        table_name = "agency_contracts_case_note"
