from __future__ import annotations

import os

import pytest

from lifang.services.accounts import first_administrator
from lifang.services.instance import Instance
from tests.core.lifecycle.machine import Machine


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A Python of its own; what one test installs there, the next one finds."""
    return Machine(tmp_path_factory.mktemp("machine") / "python")


@pytest.fixture
def run_it(instance: Instance) -> Instance:
    """The instance, whose first administrator is the user of this operating system."""
    first_administrator(instance, "boss", home_code="620100000000", system_user=os.getuid())
    return instance
