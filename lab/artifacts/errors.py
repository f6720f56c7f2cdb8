"""Errors while programs and images are provided; every message has the remedy."""


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


class DiskSpaceError(ArtifactError):
    """Less free space than the work needs; detected before it starts."""


class BuildError(ArtifactError):
    """A program could not be built or a root could not be made."""


class MissingToolError(ArtifactError):
    """A program of this computer is missing and could not be installed."""


class LockFileError(ArtifactError):
    """The lock file of releases does not match its schema."""
