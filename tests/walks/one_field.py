"""Run by `test_one_field` in a process of its own: every interface of a plugin with a new field."""

from __future__ import annotations

import sys
from pathlib import Path

import lifang_dual_reporting.models as models
from lifang.app.http import create_app
from lifang.app.main import hands
from lifang.services import accounts
from lifang.testing import world
from lifang.testing.commands import say
from tests.walks.beginning import ROOT


def main(home: Path) -> None:
    assert "copied" in str(models.__file__), models.__file__
    for instance in world.new_instance(home):
        world.plant(instance)
        world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
        person = world.person(instance, "李强")
        boss = world.boss(instance)
        account, password = accounts.create_account(
            boss, "w", role="community_worker", at=world.HOME
        )
        type(account).update(must_change=False).execute()
        token = accounts.create_token(boss, "w", days=1)
        client = create_app(instance).test_client()
        headers = {"Authorization": f"Bearer {token}"}
        told = {"person": person.id, "community": {"code": world.HOME}, "skill": "水电维修"}
        path = "/api/v1/dual-reporting/reports"
        made = client.post(path, json=told, headers=headers)
        assert made.status_code == 201, made.get_data(as_text=True)
        print("api", made.json["skill"])
        found = client.get(f"{path}?skill=水电维修", headers=headers).json["items"]
        print("filter", len(found))
        long = client.post(path, json={**told, "skill": "长" * 61}, headers=headers)
        print("validation", long.status_code, long.json["errors"][0]["field"])
        export = client.get(f"{path}/export?format=csv", headers=headers).get_data(as_text=True)
        print("export", "skill" in export.splitlines()[0], "水电维修" in export)
        described = client.get("/api/openapi.json", headers=headers).get_data(as_text=True)
        print("openapi", '"skill"' in described, "手艺" in described)
        page = client.get("/sign-in").get_data(as_text=True)
        csrf = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
        form = {"name": "w", "password": password, "csrf_token": csrf}
        signed = client.post("/sign-in", data=form)
        assert signed.status_code in (302, 303), signed.get_data(as_text=True)
        web = "/p/dual-reporting/reports"
        print("form", 'name="skill"' in client.get(f"{web}/new").get_data(as_text=True))
        print("list", "手艺" in client.get(web).get_data(as_text=True))
        detail = client.get(f"{web}/{made.json['id']}").get_data(as_text=True)
        print("detail", "水电维修" in detail)


def command(*words: str) -> str:
    told = say(hands, *words)
    assert told.code == 0, (words, told)
    return told.out


def by_command() -> None:
    """In an instance of its own, whose folder the environment names."""
    command("init", "--admin", "boss")
    command("communities", "import", str(ROOT / "core/lifang/builtin/data/lanzhou-divisions.csv"))
    command("plugin", "install", "dual_reporting")
    command("plugin", "enable", "dual_reporting", "--at", "620102000000")
    command("people", "create", "--name", "李强", "--community", "620102001001")
    reports = "dual-reporting", "reports"
    asked = "--skill" in command(*reports, "create", "--help")
    told = ["--person", "1", "--community", "620102001001", "--skill", "水电维修"]
    command(*reports, "create", *told)
    found = command(*reports, "list", "--skill", "水电维修")
    print("command", asked, "水电维修" in found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    by_command()
