"""Bundles the node program and its libraries into a zip with reproducible bytes."""

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from aws_cdk import AssetHashType, Stack
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from kubequorum.config.names import asset_prefix
from kubequorum.permissions import Permission
from kubequorum.user_data import ProgramLocation
from kubequorum_node.document import FILE_NAME, ClusterDocument

_USERDATA = Path(__file__).resolve().parents[2] / "userdata"
_SOURCES = ("files", "kubequorum_node", "units")
_DISTRIBUTIONS = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
_SERVICES = ("autoscaling", "cloudformation", "cloudwatch", "ec2", "elbv2", "route53", "s3", "ssm")
"""Service models the node program uses. All of botocore's together are over 100 MB."""
_BUNDLES_KEPT = 12
"""For the masters and a few worker groups, each with its previous version."""
_BOTOCORE_DATA = "botocore/data/"
_ENTRY_POINT = "import sys\n\nfrom kubequorum_node.__main__ import main\n\nsys.exit(main(sys.argv[1:]))\n"


@dataclass(frozen=True)
class Bundle:
    """A finished zip."""

    path: Path
    sha256: str


BundleBuilder = Callable[[ClusterDocument], Bundle]
"""Builds the bundle for a cluster.json."""


class NodeProgram(Construct):
    """The node program as an asset: uploaded by the CDK, downloaded and verified by first-boot.sh.

    Args:
        bundle: the zip for one kind of instance, see `build_bundle`.

    """

    def __init__(self, scope: Construct, construct_id: str, *, bundle: Bundle) -> None:
        super().__init__(scope, construct_id)
        self._asset = assets.Asset(
            self,
            "Asset",
            path=str(bundle.path),
            asset_hash=bundle.sha256,
            asset_hash_type=AssetHashType.CUSTOM,
        )
        self.location = ProgramLocation(
            region=Stack.of(self).region,
            bucket=self._asset.s3_bucket_name,
            key=self._asset.s3_object_key,
            sha256=bundle.sha256,
        )

    def read_permission(self) -> Permission:
        """Read this stack's node programs, those of earlier deploys included.

        During an update an instance may be launched from the previous launch template: its slot is not
        updated yet, or the update is rolled back. `Asset.grant_read` would open the whole asset bucket.
        """
        return self._read_assets(
            "ReadNodeProgram",
            stack=Stack.of(self).stack_name,
            reason="the assets of this stack, whose earlier versions still boot",
        )

    def read_addons_permission(self, *, stack: str) -> Permission:
        """Read the sets of addons, those of earlier deploys included: a roll-back brings one back."""
        return self._read_assets(
            "ReadAddons", stack=stack, reason="the assets of the stack Addons, of which one is in force"
        )

    def _read_assets(self, sid: str, *, stack: str, reason: str) -> Permission:
        return Permission(
            sid=sid,
            actions=("s3:GetObject",),
            resources=(self._asset.bucket.arn_for_objects(f"{asset_prefix(stack)}*"),),
            wildcard_reason=f"bound by prefix: {reason}",
        )


def build_bundle(document: ClusterDocument, directory: Path | None = None) -> Bundle:
    """Build the zip in `directory` (default: the user's cache), unless one with the same content exists.

    Args:
        document: what its instances must know of the cluster; another document makes another bundle.
        directory: where finished bundles are kept.

    Entries are stored, not compressed: compressed bytes differ between zlib
    versions, and another checksum would replace every instance of the cluster.
    """
    directory = directory or _cache_directory()
    directory.mkdir(parents=True, exist_ok=True)
    finished = directory / f"node-program-{_fingerprint(document)}.zip"
    if not finished.exists():
        with (
            tempfile.NamedTemporaryFile(dir=directory, suffix=".part", delete=False) as part,
            zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as bundle,
        ):
            for name, content in sorted(_entries(document)):
                bundle.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
        Path(part.name).replace(finished)
        _forget_old_bundles(directory)
    return Bundle(finished, hashlib.sha256(finished.read_bytes()).hexdigest())


def _forget_old_bundles(directory: Path) -> None:
    bundles = sorted(directory.glob("node-program-*.zip"), key=lambda path: path.stat().st_mtime)
    for old in bundles[:-_BUNDLES_KEPT]:
        old.unlink(missing_ok=True)


def _entries(document: ClusterDocument) -> Iterator[tuple[str, bytes]]:
    yield "__main__.py", _ENTRY_POINT.encode()
    yield FILE_NAME, document.to_json().encode()
    for path in _source_files():
        yield path.relative_to(_USERDATA).as_posix(), path.read_bytes()
    for name in _DISTRIBUTIONS:
        for file in distribution(name).files or ():
            if _is_needed(file.as_posix()):
                yield file.as_posix(), file.read_binary()


def _source_files() -> list[Path]:
    files = (path for source in _SOURCES for path in (_USERDATA / source).rglob("*"))
    return sorted(path for path in files if path.is_file() and path.suffix != ".pyc")


def _is_needed(name: str) -> bool:
    if ".dist-info/" in name or name.startswith("..") or name.endswith(".pyc"):
        return False
    if name.startswith(("boto3/data/", "boto3/examples/")):
        return False
    if name.startswith(_BOTOCORE_DATA):
        service, _, rest = name.removeprefix(_BOTOCORE_DATA).partition("/")
        return not rest or service in _SERVICES
    return True


def _fingerprint(document: ClusterDocument) -> str:
    """A hash of what the content of the zip depends on, without reading botocore."""
    digest = hashlib.sha256(Path(__file__).read_bytes() + document.to_json().encode())
    for name in _DISTRIBUTIONS:
        digest.update(f"{name}=={distribution(name).version}\n".encode())
    for path in _source_files():
        digest.update(f"{path.relative_to(_USERDATA)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:32]


def _cache_directory() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "kubequorum"
