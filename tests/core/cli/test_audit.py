from __future__ import annotations

from pathlib import Path

from lifang.entities.audit import AuditEntry
from tests.core.cli.conftest import Command

HOME = "620102001001"


def test_a_sound_trail_leaves_with_0_and_says_what_was_not_looked_at(
    lifang: Command, tmp_path: Path
) -> None:
    told = lifang("audit", "verify")
    assert told.code == 0
    assert "完好" in told.out
    assert "还没有封存" in told.out
    assert "--checkpoint" in told.out
    file = tmp_path / "checkpoints.jsonl"
    file.write_text(lifang("audit", "checkpoint").out)
    told = lifang("audit", "verify", "--checkpoint", str(file))
    assert told.code == 0
    assert "--checkpoint" not in told.out
    verdict = lifang("audit", "verify", "--checkpoint", str(file), "--json").json
    assert (verdict["ok"], verdict["outside"], verdict["unsealed"]) == (True, True, 0)
    assert lifang("audit", "verify", "--from", "3").code == 0
    assert lifang("audit", "verify", "--checkpoint", str(tmp_path / "no")).code == 4


def test_a_changed_entry_leaves_with_1_and_names_the_first_bad_one(lifang: Command) -> None:
    lifang("audit", "checkpoint")
    AuditEntry.update(actor_name="someone").where(AuditEntry.seq == 3).execute()
    told = lifang("audit", "verify")
    assert told.code == 1
    assert "第 3 条" in told.out
    verdict = lifang("audit", "verify", "--json")
    assert (verdict.code, verdict.json["ok"], verdict.json["bad_seq"]) == (1, False, 3)


def test_the_trail_is_shown_newest_first_to_auditors_only(lifang: Command, worker: str) -> None:
    lifang("people", "create", "--name", "张伟", "--community", HOME)
    lifang("people", "remove", "1", "--as", worker)
    listed = lifang("audit", "show", "--json").json["items"]
    assert [entry["id"] for entry in listed] == sorted((e["id"] for e in listed), reverse=True)
    assert (listed[0]["verb"], listed[0]["outcome"]) == ("remove", "denied")
    assert (listed[0]["actor"], listed[0]["on_behalf_of"]) == (worker, "boss")
    assert len(lifang("audit", "show", "--outcome", "denied").out.splitlines()) == 2
    assert len(lifang("audit", "show", "--limit", "3", "--json").json["items"]) == 3
    for verb in ("show", "verify", "checkpoint"):
        assert lifang("audit", verb, "--as", worker).code == 3


def test_a_long_trail_is_shown_whole(lifang: Command) -> None:
    for number in range(210):
        AuditEntry.create(
            at="2026-11-23T00:00:00.000000Z", actor_name="x", source="cli", plugin="core",
            noun="people", verb="create", outcome="done", mac=str(number),
        )  # fmt: skip
    assert len(lifang("audit", "show", "--json").json["items"]) == AuditEntry.select().count()
