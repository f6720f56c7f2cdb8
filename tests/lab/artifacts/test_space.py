"""The check for free disk space."""

from pathlib import Path

import pytest

from lab.artifacts.errors import DiskSpaceError
from lab.artifacts.space import require_free_space


def test_too_little_space_is_reported_with_both_numbers(tmp_path: Path) -> None:
    """The message names what is needed, what is free, where, and what to do."""
    with pytest.raises(DiskSpaceError) as caught:
        require_free_space(tmp_path, needed_gib=1e6, purpose="Building x")
    message = str(caught.value)
    assert "Building x needs about 1000000.0 GiB" in message
    assert " GiB are free there" in message
    assert str(tmp_path) in message
    assert "KUBEQUORUM_CACHE_DIR" in message


def test_enough_space_passes_before_the_folder_exists(tmp_path: Path) -> None:
    """The check runs before anything is made, so the cache's folder may not be there yet."""
    require_free_space(tmp_path / "not" / "yet", needed_gib=0, purpose="Building x")
    assert not (tmp_path / "not").exists()
