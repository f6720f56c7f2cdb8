"""The programs, images and the root of local machines: found, downloaded or built, and cached.

Other packages call `ensure(["all"], progress)`; a person runs `python -m lab.artifacts --help`.
"""

from lab.artifacts.errors import ArtifactError
from lab.artifacts.found import Paths
from lab.artifacts.progress import Event, Progress, render, to_stderr
from lab.artifacts.settings import Settings, Source
from lab.artifacts.store import ensure

__all__ = [
    "ArtifactError",
    "Event",
    "Paths",
    "Progress",
    "Settings",
    "Source",
    "ensure",
    "render",
    "to_stderr",
]
