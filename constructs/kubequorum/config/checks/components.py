"""Extra settings of components: those that the cluster depends on are refused, each with the reason."""

import math
import tomllib
from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from kubequorum.config.checks.reserved import (
    API_SERVER,
    CONTAINERD,
    CONTROLLER_MANAGER,
    ETCD,
    KUBELET,
    SCHEDULER,
)
from kubequorum.config.components import Kubelet
from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem

_CONTAINERD_VERSION = 3
_UNSAFE_FLAG = "unsafe-no-fsync"


def component_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check the extra settings of every component."""
    kubernetes = cluster.kubernetes
    for name, flags, reserved in (
        ("api_server", kubernetes.api_server.extra_args, API_SERVER),
        ("controller_manager", kubernetes.controller_manager.extra_args, CONTROLLER_MANAGER),
        ("scheduler", kubernetes.scheduler.extra_args, SCHEDULER),
        ("etcd", kubernetes.etcd.extra_args, ETCD),
    ):
        yield from _flags(f"kubernetes.{name}.extra_args", flags, reserved)
    yield from _etcd_environment(kubernetes.etcd.extra_env)
    yield from _kubelet("kubernetes.kubelet", kubernetes.kubelet)
    yield from _kubelet("masters.kubelet", cluster.masters.kubelet)
    for index, group in enumerate(cluster.worker_groups):
        yield from _kubelet(f"worker_groups.{index}.kubelet", group.kubelet)
    yield from _containerd(kubernetes.containerd.extra_config)


def component_warnings(cluster: Cluster) -> Iterator[str]:
    """Warn about settings that may lose data."""
    etcd = cluster.kubernetes.etcd
    if _UNSAFE_FLAG in etcd.extra_args or any(_flag_of(name) == _UNSAFE_FLAG for name in etcd.extra_env):
        yield (
            f"kubernetes.etcd: {_UNSAFE_FLAG} makes etcd acknowledge writes that a power loss destroys. "
            "Remedy: remove it from every cluster whose data matter."
        )


def _flags(key: str, flags: Mapping[str, str], reserved: Mapping[str, str]) -> Iterator[Problem]:
    for name, value in flags.items():
        if reason := reserved.get(name):
            yield _reserved(f"{key}.{name}", value, reason)
        if "\n" in value or "\0" in value:
            yield Problem(f"{key}.{name}", value, "is more than one line", "use one line")


def _etcd_environment(environment: Mapping[str, str]) -> Iterator[Problem]:
    for name, value in environment.items():
        if reason := ETCD.get(_flag_of(name)):
            yield _reserved(f"kubernetes.etcd.extra_env.{name}", value, reason)


def _flag_of(environment_name: str) -> str:
    """The flag that an environment variable of etcd stands for: ETCD_MAX_WALS is max-wals."""
    prefix, _, rest = environment_name.partition("_")
    return rest.lower().replace("_", "-") if prefix == "ETCD" else ""


def _kubelet(key: str, kubelet: Kubelet) -> Iterator[Problem]:
    for field, value in kubelet.extra_config.items():
        path = f"{key}.extra_config.{field}"
        if reason := KUBELET.get(field):
            yield _reserved(path, value, reason)
        if not _is_json(value):
            yield Problem(path, value, "has a number that JSON does not know", "use a finite number")


def _is_json(value: JsonValue) -> bool:
    match value:
        case float():
            return math.isfinite(value)
        case list():
            return all(_is_json(item) for item in value)
        case dict():
            return all(_is_json(item) for item in value.values())
        case _:
            return True


def _containerd(fragment: str) -> Iterator[Problem]:
    key = "kubernetes.containerd.extra_config"
    try:
        parsed = tomllib.loads(fragment)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        yield Problem(key, fragment, f"is not TOML: {error}", "fix the TOML at this line and column")
        return
    if parsed.get("version", _CONTAINERD_VERSION) != _CONTAINERD_VERSION:
        yield Problem(
            key, parsed["version"], "is another version of the format", f"write version {_CONTAINERD_VERSION}"
        )
    for path, reason in CONTAINERD.items():
        value: object = parsed
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            yield _reserved(f"{key}: {'.'.join(path)}", value, reason)


def _reserved(key: str, value: object, reason: str) -> Problem:
    return Problem(key, value, f"must not be set here: {reason}", "remove it")
