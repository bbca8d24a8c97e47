from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from lifang.services.accounts import first_administrator
from lifang.services.instance import Instance
from tests.core.lifecycle.machine import Machine


@pytest.fixture(scope="session")
def a_python(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A Python of its own."""
    return Machine(tmp_path_factory.mktemp("machine") / "python")


@pytest.fixture
def machine(a_python: Machine) -> Iterator[Machine]:
    """A Python of its own; what a test installs there is taken away again."""
    yield a_python
    a_python.clear()


@pytest.fixture
def run_it(instance: Instance) -> Instance:
    """The instance, whose first administrator is the user of this operating system."""
    first_administrator(instance, "boss", home_code="620100000000", system_user=os.getuid())
    return instance
