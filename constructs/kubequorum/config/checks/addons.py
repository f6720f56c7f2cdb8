"""Addons: names, what they need, and what is in the files."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from kubequorum.config.addons import Manifest
from kubequorum.config.manifests import ManifestError, read_objects
from kubequorum.config.model import Cluster
from kubequorum.config.names import BUILT_IN_ADDONS, NETWORK_ADDONS
from kubequorum.config.problem import Problem

_CALL_AWS = ("cloud_controller_manager", "cluster_autoscaler", "ebs_csi", "external_dns")
"""Keys of the addons that have a role on AWS."""


def addon_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check the addons against each other, and read the files of the user's own."""
    manifests = cluster.addons.manifests
    names = [manifest.name for manifest in manifests]
    enabled = {name for name, key in BUILT_IN_ADDONS.items() if getattr(cluster.addons, key).enabled}
    if cluster.network.plugin in NETWORK_ADDONS:
        enabled.add(cluster.network.plugin)
    for index, manifest in enumerate(manifests):
        key = f"addons.manifests.{index}"
        if manifest.name in {*names[:index], *BUILT_IN_ADDONS, *NETWORK_ADDONS}:
            yield Problem(f"{key}.name", manifest.name, "is the name of another addon", "use another name")
        for need in manifest.needs:
            if need not in {*names, *enabled}:
                known = ", ".join(sorted({*names, *enabled})) or "none"
                yield Problem(f"{key}.needs", need, "is no addon of this cluster", f"use some of: {known}")
        yield from _file(key, manifest)
    if circle := _circle(manifests):
        yield Problem(
            "addons.manifests", " → ".join(circle), "need each other", "remove one of them from needs"
        )
    yield from _repeated(manifests)
    yield from _roles(cluster)


def _roles(cluster: Cluster) -> Iterator[Problem]:
    """Addons that call AWS need roles, and a way to STS."""
    for name in _CALL_AWS:
        if not getattr(cluster.addons, name).enabled:
            continue
        key = f"addons.{name}.enabled"
        if cluster.service_accounts.issuer == "none":
            yield Problem(
                key,
                True,
                "it needs an AWS role, and there is none: service_accounts.issuer is none",
                "turn it off, or choose another issuer",
            )
        if cluster.network.nat == "none":
            yield Problem(
                key,
                True,
                "its pods must reach STS, and with network.nat: none nothing leads there",
                "turn it off, or choose another network.nat",
            )


def _file(key: str, manifest: Manifest) -> Iterator[Problem]:
    try:
        read_objects(Path(manifest.file))
    except ManifestError as error:
        yield Problem(f"{key}.file", manifest.file, error.wrong, error.remedy)


def _repeated(manifests: tuple[Manifest, ...]) -> Iterator[Problem]:
    """Two addons with the same object would overwrite each other for ever."""
    owners: dict[tuple[str, str, str, str], str] = {}
    for index, manifest in enumerate(manifests):
        try:
            objects = read_objects(Path(manifest.file))
        except ManifestError:
            continue
        for each in objects:
            metadata = each["metadata"]
            group = each["apiVersion"].rpartition("/")[0]
            identity = (group, each["kind"], metadata.get("namespace") or "", metadata["name"])
            owner = owners.get(identity)
            owners[identity] = manifest.name
            if owner is not None:
                yield Problem(
                    f"addons.manifests.{index}.file",
                    manifest.file,
                    f"has {each['kind']} {metadata['name']}, which is in {owner} already",
                    "leave it in one place",
                )


def _circle(manifests: tuple[Manifest, ...]) -> list[str]:
    """Names of addons that need each other; empty if there are none."""
    try:
        TopologicalSorter({manifest.name: manifest.needs for manifest in manifests}).prepare()
    except CycleError as error:
        names: list[str] = error.args[1]
        return names
    return []
