"""Skips what needs real machines where there can be none."""

import pytest

from emulator.machines.nspawn import unavailable_reason


@pytest.fixture(scope="session", autouse=True)
def _machines() -> None:
    reason = unavailable_reason()
    if reason is not None:
        pytest.skip(f"no machines here: {reason}")
