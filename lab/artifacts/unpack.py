"""Extracts the programs from a downloaded release."""

import shutil
import tarfile
from pathlib import Path, PurePosixPath

from lab.artifacts.errors import ArtifactError
from lab.artifacts.releases import Release


def unpack(download: Path, *, release: Release, into: Path) -> None:
    """Extract the members that the lock file names into the folder `into`, executable.

    Raises:
        ArtifactError: a named member is not in the archive, or is not a regular file.
    """
    if release.archive is None:
        (member,) = release.install
        shutil.copyfile(download, into / member)
        (into / member).chmod(0o755)
        return
    missing = set(release.install)
    with tarfile.open(download, "r:gz") as archive:
        for info in archive:
            parts = [part for part in PurePosixPath(info.name).parts if part != "."]
            member = "/".join(parts[release.strip_components :])
            if member not in missing:
                continue
            source = archive.extractfile(info) if info.isfile() else None
            if source is None:
                raise ArtifactError(f"{release.url}: {info.name} is not a regular file")
            with source, (into / member).open("wb") as target:
                shutil.copyfileobj(source, target)
            (into / member).chmod(0o755)
            missing.remove(member)
    if missing:
        raise ArtifactError(
            f"{release.url} does not contain {', '.join(sorted(missing))} (strip_components is "
            f"{release.strip_components}); fix `install` of {release.name} in the lock file"
        )
