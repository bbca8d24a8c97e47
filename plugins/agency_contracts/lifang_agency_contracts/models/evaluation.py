"""How a contract was judged: evaluations, what each thing got, and what the provider says to it."""

from __future__ import annotations

import peewee as pw

import lifang as lf
from lifang_agency_contracts.models.contract import GRADES, Contract

STAGES = {"mid": "中期", "final": "末期"}
DIMENSIONS = {
    "relevance": "相关性",
    "efficiency": "效率",
    "effect": "效果",
    "equity": "公平性",
    "sustainability": "可持续性",
}
DEGREES = {"full": "全部达到", "most": "大部分达到", "half": "部分达到", "none": "没有达到"}


class Evaluation(lf.Record):
    """A third party's judgement of a contract, at half-time or at its end."""

    contract = lf.ref(Contract, "合同")
    contract_id: int
    stage = pw.CharField(max_length=10, choices=list(STAGES.items()), verbose_name="阶段")
    evaluator = lf.ref(lf.Organization, "评估机构")
    evaluator_id: int
    expert = lf.ref(lf.Person, "评估专家", null=True)
    expert_id: int | None
    summary = pw.TextField(null=True, verbose_name="评估结论")
    total = pw.IntegerField(null=True, verbose_name="总分（十分之一分）")
    grade = pw.CharField(
        max_length=10, null=True, choices=list(GRADES.items()), verbose_name="等级"
    )
    kept = pw.TextField(null=True)  # formula and items, as `lf.Score` keeps them
    round = pw.IntegerField(default=0, verbose_name="整改轮次")
    state = lf.State(
        "状态",
        commissioned="已委托",
        submitted="已提交",
        signed="购买主体已会签",
        concluded="已生效",
        rechecking="整改复核中",
    )

    class Meta:
        """A contract is evaluated once in each stage."""

        table_name = "agency_contracts_evaluation"
        unique = (lf.unique("contract", "stage"),)


class ScoreItem(lf.Record):
    """What one thing got, of which part of the judgement, and which material shows it."""

    evaluation = lf.ref(Evaluation, "评估")
    evaluation_id: int
    evaluator = lf.ref(lf.Organization, "评估机构", null=True)
    dimension = pw.CharField(max_length=20, choices=list(DIMENSIONS.items()), verbose_name="维度")
    name = pw.CharField(max_length=120, verbose_name="评分项")
    full = pw.IntegerField(verbose_name="满分")
    points = pw.IntegerField(null=True, verbose_name="得分", help_text="组合分填写")
    degree = pw.CharField(
        max_length=10,
        null=True,
        choices=list(DEGREES.items()),
        verbose_name="完成程度",
        help_text="程度分填写",
    )
    proof = pw.CharField(max_length=200, verbose_name="证明材料")
    reason = pw.CharField(max_length=200, verbose_name="评分理由")

    class Meta:
        """Each thing is judged once."""

        table_name = "agency_contracts_score_item"
        unique = (lf.unique("evaluation", "dimension", "name"),)


class Appeal(lf.Record):
    """What a provider says against an evaluation of its contract, and what became of it."""

    contract = lf.ref(Contract, "合同")
    contract_id: int
    provider = lf.ref(lf.Organization, "承接主体", null=True)
    grounds = pw.TextField(verbose_name="申诉理由")
    decision = pw.TextField(null=True, verbose_name="处理意见")
    state = lf.State("状态", filed="已提出", upheld="已支持", dismissed="已驳回")

    class Meta:
        """One appeal of a contract waits for its answer."""

        table_name = "agency_contracts_appeal"
        unique = (lf.unique("contract", state=("filed",)),)
