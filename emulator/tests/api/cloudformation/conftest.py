"""Templates, and stacks that are deleted when their test is over."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator.tests.api.emulator import Emulator, Stack

_TEMPLATES = Path(__file__).parent / "templates"

Template = Callable[[str], str]


@pytest.fixture(scope="session")
def template() -> Template:
    """The text of a template of this folder, by its name."""
    return lambda name: (_TEMPLATES / f"{name}.yaml").read_text()


@pytest.fixture
def stack(emulator: Emulator) -> Iterator[Stack]:
    """A stack with a fresh name."""
    created = emulator.stack()
    yield created
    client = emulator.client("cloudformation")
    client.delete_stack(StackName=created.name)
