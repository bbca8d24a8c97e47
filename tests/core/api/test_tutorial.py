"""The tutorial of the API, run block by block with a client generated from the live description."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import account, token

TUTORIAL = Path(__file__).parents[3] / "docs" / "api" / "tutorial.md"
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the instance answers over real HTTP."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


def generate(described: dict[str, Any], folder: Path) -> None:
    """Write the client that the tutorial uses; fails on any schema the generator cannot read."""
    from openapi_python_client import Project
    from openapi_python_client.config import Config, ConfigFile, MetaType
    from openapi_python_client.parser import GeneratorData
    from openapi_python_client.parser.errors import ErrorLevel, GeneratorError

    config = Config.from_sources(
        ConfigFile(post_hooks=[]),
        MetaType.NONE,
        folder,
        "utf-8",
        overwrite=False,
        output_path=folder,
    )
    data = GeneratorData.from_dict(described, config=config)
    assert not isinstance(data, GeneratorError), data
    found = Project(openapi=data, config=config).build()
    assert not [one for one in found if one.level == ErrorLevel.ERROR], found
    assert all((one.detail or "").startswith("Unsupported content type ") for one in found), found


@pytest.mark.once
def test_a_generated_client_runs_through_the_tutorial(
    instance: Instance,
    enable: Any,
    app: Flask,
    address: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    enable("dual_reporting", at=world.CITY)
    secret = token(instance, account(instance, "community_worker", at=world.HOME))
    described = app.test_client().get(
        "/api/openapi.json", headers={"Authorization": f"Bearer {secret}", "Accept-Language": "en"}
    )
    generate(described.json, tmp_path / "lifang_client")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("LIFANG_URL", address)
    monkeypatch.setenv("LIFANG_TOKEN", secret)
    monkeypatch.setenv("LIFANG_LISTENER_TOKEN", token(instance, account(instance, "auditor")))
    before = set(sys.modules)
    blocks = PYTHON.findall(TUTORIAL.read_text("utf-8"))
    told: dict[str, Any] = {}
    try:
        for number, block in enumerate(blocks, 1):
            exec(compile(block, f"{TUTORIAL.name}, block {number}", "exec"), told)  # noqa: S102
    finally:
        for name in set(sys.modules) - before:
            if name.startswith("lifang_client"):
                del sys.modules[name]
    assert len(blocks) > 11
