"""Errors while programs and images are provided; every message has the remedy."""

from collections.abc import Mapping, Sequence


class ArtifactError(Exception):
    """Base of all errors of this package; the message is meant for the person at the terminal."""


class ChecksumError(ArtifactError):
    """A file is not the one that was pinned."""

    def __init__(self, *, name: str, origin: str, expected: str, actual: str, pinned_in: str) -> None:
        super().__init__(
            f"{name}: wrong checksum. {origin} has sha256 {actual}, but {pinned_in} pins {expected}. "
            f"Nothing was installed. Fix the file at {origin}, or the pin if the release is right."
        )
        self.expected = expected
        self.actual = actual


class MissingImagesError(ArtifactError):
    """Images that a mirror must have, and has not."""

    def __init__(self, *, mirror: str | None, files: Mapping[str, str], addons: Sequence[str]) -> None:
        if mirror is None:
            where = "no mirror is named in KUBEQUORUM_ARTIFACT_MIRROR"
        elif mirror.startswith(("http://", "https://")):
            where = f"the mirror {mirror} is on the web, and images are read from a folder only"
        else:
            where = f"the mirror {mirror} lacks them"
        self.why = f"they cannot be built from Go modules, and {where}: {', '.join(files)}"
        turn_off = " and ".join(f"addons.{addon}.enabled: false" for addon in addons)
        self.remedy = (
            f"save each with `docker save` as {', '.join(files.values())} below a folder, and name that "
            f"folder in KUBEQUORUM_ARTIFACT_MIRROR; or turn off what needs them in the cluster file: "
            f"{turn_off}"
        )
        super().__init__(f"images are missing: {self.why}. Remedy: {self.remedy}.")


class DiskSpaceError(ArtifactError):
    """Less free space than the work needs; detected before it starts."""


class BuildError(ArtifactError):
    """A program could not be built or a root could not be made."""


class MissingToolError(ArtifactError):
    """A program of this computer is missing and could not be installed."""


class LockFileError(ArtifactError):
    """The lock file of releases does not match its schema."""
