"""What a launch template's instances run: the bundle that its user-data names, before and after."""

import base64
import io
import json
import re
import shlex
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from kubequorum_cli.errors import CommandError
from kubequorum_cli.plan.assembly import Assembly
from kubequorum_cli.plan.changes import Definition, leaves
from kubequorum_cli.target import Target

CLUSTER_JSON = "cluster.json"
"""In a bundle: what the cluster file says about its instances."""
_OWN = ("kubequorum_node/", "files/", "units/")
"""Folders of a bundle that are those of userdata/; the others are libraries."""
_KEY = re.compile(r"KEY=([\w./-]+)")
_NAMES_BUNDLE = re.compile(r"(KEY|SHA256)=[\w./-]+")
_VARIABLES = re.compile(r"^(BUCKET|KEY)=(.*)$", re.MULTILINE)


class Bundle:
    """A bundle's content."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except zipfile.BadZipFile as error:
            raise CommandError("a bundle of the node program cannot be read", why=str(error)) from error

    @cached_property
    def files(self) -> Mapping[str, tuple[int, int]]:
        """Name to checksum and size."""
        return {each.filename: (each.CRC, each.file_size) for each in self._zip.infolist()}

    def text(self, name: str) -> str:
        """A file's text; empty if there is none."""
        return self._zip.read(name).decode() if name in self.files else ""

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """What the cluster file says about its instances."""
        found = json.loads(self.text(CLUSTER_JSON) or "{}")
        return found if isinstance(found, dict) else {}

    @property
    def kubernetes_version(self) -> str:
        """Without a leading v; empty if it is not known."""
        return str(self.document.get("kubernetes_version", ""))

    @property
    def emulated_version(self) -> str:
        """The minor version as which its control plane behaves; empty for its own."""
        return str(self.document.get("emulated_version", ""))

    @property
    def etcd_version(self) -> str:
        """That of masters; empty if it is not known."""
        return str((self.document.get("etcd") or {}).get("version", ""))


@dataclass(frozen=True, kw_only=True)
class BundlePair:
    """The bundle of a launch template before and after."""

    old: Bundle
    new: Bundle

    def document_changes(self) -> list[tuple[str, Any, Any]]:
        """Path in cluster.json, value before and after."""
        return list(leaves(self.old.document, self.new.document))

    def files(self) -> list[str]:
        """Files that differ, as they are named in the repository; of a library its name only."""
        old, new = self.old.files, self.new.files
        names = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
        return sorted({_named(name) for name in names - {CLUSTER_JSON}})


def _named(name: str) -> str:
    if name.startswith(_OWN):
        return f"userdata/{name}"
    return f"library {name.partition('/')[0]}" if "/" in name else name


class Bundles:
    """Finds the bundles of launch templates; each is fetched once."""

    def __init__(self, target: Target, assembly: Assembly) -> None:
        self._target, self._assembly = target, assembly
        self._read: dict[str, Bundle] = {}

    def pair(self, launch_template_id: str, new: Definition) -> BundlePair | None:
        """The bundles of a launch template; None if it names none, or the old one is gone.

        Args:
            launch_template_id: as EC2 knows it.
            new: its definition in the new template.
        """
        before = self._deployed(launch_template_id)
        after = self.wanted(new)
        if before is None or after is None:
            return None
        return BundlePair(old=before, new=after)

    def wanted(self, definition: Definition) -> Bundle | None:
        """The bundle that a launch template's definition names."""
        name = bundle_name(definition)
        if (path := self._assembly.assets.get(name)) is None:
            return None
        return self._once(name, path.read_bytes)

    def _deployed(self, launch_template_id: str) -> Bundle | None:
        try:
            answer = self._target.client("ec2").describe_launch_template_versions(
                LaunchTemplateId=launch_template_id, Versions=["$Latest"]
            )
        except ClientError as error:
            # Somebody has deleted it: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
            if error.response["Error"]["Code"] != "InvalidLaunchTemplateId.NotFound":
                raise
            return None
        (version,) = answer["LaunchTemplateVersions"]
        encoded = version["LaunchTemplateData"].get("UserData", "")
        variables = dict(_variables(base64.b64decode(encoded).decode(errors="replace")))
        if not {"BUCKET", "KEY"} <= variables.keys():
            return None

        def fetch() -> bytes:
            answer = self._target.client("s3").get_object(Bucket=variables["BUCKET"], Key=variables["KEY"])
            content: bytes = answer["Body"].read()
            return content

        try:
            return self._once(variables["KEY"].rpartition("/")[2], fetch)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("NoSuchKey", "404"):
                raise
            return None

    def _once(self, name: str, fetch: Callable[[], bytes]) -> Bundle:
        # Assets are named after their content.
        if name not in self._read:
            self._read[name] = Bundle(fetch())
        return self._read[name]


def _variables(script: str) -> Iterator[tuple[str, str]]:
    for name, quoted in _VARIABLES.findall(script):
        words = shlex.split(quoted)
        yield name, words[0] if words else ""


def bundle_name(definition: Any) -> str:
    """The file name of the bundle that a definition of user-data names; empty if it names none."""
    found = _KEY.search(json.dumps(definition))
    return found[1].rpartition("/")[2] if found else ""


def without_bundle(user_data: Any) -> str:
    """A definition of user-data as text, without which bundle it names."""
    return _NAMES_BUNDLE.sub("", json.dumps(user_data, sort_keys=True))
