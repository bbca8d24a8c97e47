"""The checkup: what is wrong, the worst first, with the way out; a text of it names nobody."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import replace

from lifang.access.roles import FIRST_ADMINISTRATOR
from lifang.entities.account import Account, Grant
from lifang.entities.calendar import CalendarDay
from lifang.events.tables import EventRow, Retry
from lifang.kit import clock
from lifang.services import deadlines
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.upkeep import backup, paper_key
from lifang.upkeep.doctor import MARKS, examine, examine_folder
from tests.core.web.conftest import Visit, Visitor

DOCTOR, TEXT = "/admin/doctor", "/admin/doctor.txt"
SECRETS = ("张桂兰", "13987654321", "620102198001010033", "p4ss-wort", "wang@example.cn", "wangxm")


def dead_letter(error: str, seq: int = 98) -> None:
    """An event that a plugin's handler gave up, with what it raised."""
    now = clock.now()
    agg, sub = "core.person/1", "dual_reporting.suggest_transfer"
    pos = EventRow.create(type="core.person.moved", agg=agg, seq=seq, at=now, data="{}").pos
    Retry.create(sub=sub, pos=pos, agg=agg, tries=9, next_at=now, state="dead", error=error)


def sections(page: str) -> list[str]:
    return page.split("<section")[1:]


def test_what_is_broken_is_told_the_worst_first_with_the_way_out(
    administrator: Visitor, instance: Instance, reporting: None
) -> None:
    page = administrator.text(DOCTOR)
    assert "必须处理" not in page and "lifang doctor</code>" in page
    assert re.search(r"检查时间 \d{4}-\d\d-\d\d \d\d:\d\d", page)
    dead_letter("ValueError: 张桂兰不在名单里")
    engine = instance.database.engine
    engine.execute_sql("DELETE FROM dual_reporting_migration WHERE name >= '0002'")
    instance.settings.key_file.rename(instance.settings.home / "elsewhere")
    page = administrator.text(DOCTOR)
    assert "2 处必须处理" in page
    first, second, *rest = sections(page)
    assert "必须处理" in first and "必须处理" in second and "必须处理" not in "".join(rest)
    assert "找不到密钥文件" in page and "从您另存的地方取回密钥" in page
    assert "dual_reporting 0002" in page and "<code>lifang migrate</code>" in page
    [events] = [one for one in rest if "死信" in one]
    assert "张桂兰" in events and 'href="/admin/events?show=dead"' in events
    assert "<code>lifang events dead --subscriber dual_reporting.suggest_transfer</code>" in events
    for one in sections(page):
        told = re.findall(r"pill-(broken|waiting|closed|standing)", one)
        assert told == sorted(told, key=["broken", "waiting", "closed", "standing"].index)
    english = administrator.client.post(
        "/looks", data={"csrf_token": administrator.token(), "lang": "en", "back": DOCTOR}
    )
    page = administrator.text(english.headers["Location"])
    assert "To be mended" in page and "Key file" in page, "words are not kept from another language"
    assert not re.search(r"找不到|必须|怎么办", page)


def test_the_page_says_what_the_command_says_and_names_what_it_leaves_to_it(
    administrator: Visitor, instance: Instance
) -> None:
    page = administrator.text(DOCTOR)
    every = [*examine_folder(instance.settings), *examine(instance)]
    left = {"database", "attachments", "outside"}
    assert {one.name for one in every} > left
    for one in every:
        assert (one.sentence in page) == (one.name not in left), one
    assert page.count('pill-closed">这里未查') == len(left)
    signs = re.findall(r'class="step[^>]*aria-hidden="true">(.)</span>', page)
    assert len(signs) == len(every) and set(signs) <= set(MARKS.values())


def test_the_text_to_send_tells_of_nobody(
    administrator: Visitor, instance: Instance, reporting: None
) -> None:
    name, phone, citizen, password, email, account = SECRETS
    holder = Account.create(name=account, password="x", must_change=True)
    Grant.create(account=holder, role="security_administrator")
    long_ago = clock.now() - dt.timedelta(days=99)
    Account.update(updated_at=long_ago).where(Account.id == holder.id).execute()
    dead_letter(f"ValueError: {name}不在名单里")
    why = f"{phone} {citizen} {email} postgresql://lifang:{password}@db/lifang token={password}"
    backup.folder(instance.settings).mkdir(exist_ok=True)
    failed = json.dumps({"failed": {"at": "2026-11-01T00:00:00Z", "why": why}})
    (backup.folder(instance.settings) / "outcome.json").write_text(failed)
    page = administrator.text(DOCTOR)
    assert all(one in page for one in SECRETS)
    answer = administrator.get(TEXT)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="lifang-doctor-[\d-]+\.txt"',
                        answer.headers["Content-Disposition"])  # fmt: skip
    told = answer.text
    assert [one for one in (*SECRETS, str(instance.settings.home)) if one in told] == []
    assert "1 个死信，不再自动尝试：ValueError: ***" in told, "what helps is still there"
    assert "LIFANG_HOME/keys/lifang.key" in told and "postgresql://***@db/lifang" in told
    dead_letter(f"没有找到{name}", seq=99)  # as errors of ours are told, without a class
    again = administrator.text(TEXT)
    assert "2 个死信，不再自动尝试：***" in again and name not in again
    assert "一次性密码超过一周没有改：***" in told and told.endswith("处需要留意\n")


def test_it_is_for_those_whose_office_is_the_whole_instance(
    visit: Visit, administrator: Visitor, worker: Visitor, resident: Visitor
) -> None:
    for role in FIRST_ADMINISTRATOR:
        visitor = visit(role)
        assert 'href="/admin/doctor"' in visitor.text("/") and visitor.text(TEXT)
    for visitor in (worker, resident, visit("district_admin", at=world.CHENGGUAN)):
        for path in (DOCTOR, TEXT):
            assert "只有管理整个实例的人和审计员" in visitor.text(path, status=403)
        assert DOCTOR not in visitor.client.get("/", follow_redirects=True).text


def test_the_first_page_leads_there_and_all_is_in_order_when_it_is(
    administrator: Visitor, instance: Instance
) -> None:
    assert "还没有备份" in administrator.text(DOCTOR)
    alert = administrator.text("/").split("还没有备份")[1].split("</div>")[0]
    assert 'href="/admin/doctor">去体检' in alert
    boss = replace(world.boss(instance), source="cli")
    backup.create(boss, None, lambda *_told: None)
    paper_key.export(boss)
    instance.settings = replace(instance.settings, address="https://lifang.example.cn")
    for year in {clock.today().year, clock.today().year + 1} - deadlines.current().years:
        CalendarDay.create(day=dt.date(year, 1, 1), kind="holiday", name="元旦")
    assert "还没有备份" not in administrator.text("/")
    page = administrator.text(DOCTOR)
    assert "一切正常" in page and "需要留意" not in page and "必须处理" not in page
