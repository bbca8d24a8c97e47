"""The unit for systemd is one that systemd takes, and gives away few rights."""

from __future__ import annotations

import configparser
import getpass
import shutil
import subprocess
from pathlib import Path

import pytest

from lifang.app.main import hands
from tests.core.cli.conftest import say


def test_the_unit_is_taken_by_systemd_and_never_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIFANG_HOME", "/var/lib/lifang")
    refused = say(hands, "service", "--user", "root")
    assert (refused.code, "root" in refused.err) == (2, True)
    told = say(hands, "service", "--user", "daemon", "--program", "/bin/true")
    assert told.code == 0, told.err
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment]  # names as they are
    unit.read_string(told.out)
    service = unit["Service"]
    assert (service["User"], service["ExecStart"]) == ("daemon", "/bin/true serve")
    assert service["ReadWritePaths"] == "/var/lib/lifang"
    assert (service["Type"], service["NoNewPrivileges"]) == ("notify", "yes")
    assert service["CapabilityBoundingSet"] == ""
    if shutil.which("systemd-analyze"):
        file = tmp_path / "lifang.service"
        file.write_text(told.out, "utf-8")
        seen = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, check=False)
        assert (seen.returncode, seen.stdout, seen.stderr) == (0, b"", b"")


def test_a_path_that_systemd_would_read_differently_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "wang")
    monkeypatch.setenv("LIFANG_HOME", str(Path("/home") / "wang" / "my data"))
    refused = say(hands, "service")
    assert (refused.code, "空格" in refused.err) == (2, True)
    monkeypatch.setenv("LIFANG_HOME", str(Path("/home") / "wang" / "data"))
    said = say(hands, "service").out
    assert ("User=wang\n" in said, "ProtectHome=no\n" in said) == (True, True)
