"""The programs, images and the root that local machines need: found, downloaded or built, and cached.

Other packages call `ensure(["all"], progress)`; `python -m local.artifacts --help` is for a person.
"""

from local.artifacts.errors import ArtifactError
from local.artifacts.progress import Event, Progress, render, to_stderr
from local.artifacts.settings import Settings, Source
from local.artifacts.store import Paths, ensure

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
