"""Real Kubernetes programs on this computer, where `python -m lab.artifacts` has put them."""

import os
from pathlib import Path

_USER_CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "kubequorum"
_PROGRAMS = Path(os.environ.get("KUBEQUORUM_CACHE_DIR", _USER_CACHE)) / "artifacts" / "programs"


def program(name: str) -> Path | None:
    """The newest program of that name in the cache; None if there is none."""
    found = [path for path in _PROGRAMS.glob(f"*/content/{name}") if path.is_file()]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)
