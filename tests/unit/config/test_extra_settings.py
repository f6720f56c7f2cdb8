"""Extra settings of components: what is passed on, and what is refused with its reason."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from kubequorum.config import Cluster, load_cluster, warnings_of
from tests.unit.config.cluster_files import Mistake, accepted, assert_reported, changed

API_SERVER = ("kubernetes", "api_server")
ETCD = ("kubernetes", "etcd")
CONTAINERD = ("kubernetes", "containerd", "extra_config")

MISTAKES: list[Mistake] = [
    (
        "API server",
        API_SERVER,
        {"extra_args": {"etcd-servers": "x"}},
        ("api_server.extra_args.etcd-servers = x",),
    ),
    (
        "service range",
        API_SERVER,
        {"extra_args": {"service-cluster-ip-range": "x"}},
        ("must not be set here: set network.service_cidr instead", "Remedy: remove it"),
    ),
    (
        "controller manager",
        ("kubernetes", "controller_manager"),
        {"extra_args": {"cluster-cidr": "x"}},
        ("kubernetes.controller_manager.extra_args.cluster-cidr = x", "network.pod_cidr"),
    ),
    (
        "scheduler",
        ("kubernetes", "scheduler"),
        {"extra_args": {"leader-elect": False}},
        ("one of them must lead",),
    ),
    (
        "etcd's data",
        ETCD,
        {"extra_args": {"data-dir": "/x"}},
        ("kubernetes.etcd.extra_args.data-dir = /x", "volume"),
    ),
    (
        "etcd by environment",
        ETCD,
        {"extra_env": {"ETCD_DATA_DIR": "/x"}},
        ("extra_env.ETCD_DATA_DIR = /x", "volume"),
    ),
    (
        "flag with dashes",
        API_SERVER,
        {"extra_args": {"--v": "2"}},
        ("api_server.extra_args.--v", "leading dashes"),
    ),
    (
        "flag that is a list",
        API_SERVER,
        {"extra_args": {"v": [2]}},
        ("api_server.extra_args.v", "flags without"),
    ),
    ("flag of two lines", API_SERVER, {"extra_args": {"v": "2\n3"}}, ("more than one line",)),
    ("all kubelets", ("kubernetes", "kubelet"), {"extra_config": {"maxPods": 5}}, ("network.pods_per_node",)),
    (
        "masters' kubelets",
        ("masters", "kubelet"),
        {"extra_config": {"staticPodPath": "/x"}},
        ("masters.kubelet.extra_config.staticPodPath = /x", "the control plane"),
    ),
    (
        "a group's kubelets",
        ("worker_groups", 1, "kubelet"),
        {"extra_config": {"cgroupDriver": "cgroupfs"}},
        ("worker_groups.1.kubelet.extra_config.cgroupDriver = cgroupfs", "match containerd"),
    ),
    (
        "number without JSON",
        ("kubernetes", "kubelet"),
        {"extra_config": {"x": [{"y": float("nan")}]}},
        ("kubernetes.kubelet.extra_config.x", "finite"),
    ),
    (
        "no TOML",
        CONTAINERD,
        "[plugins",
        ("kubernetes.containerd.extra_config", "is not TOML", "fix the TOML"),
    ),
    ("old TOML", CONTAINERD, "version = 2", ("another version", "write version 3")),
    (
        "cgroup driver",
        CONTAINERD,
        "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]\nSystemdCgroup = false\n",
        ("runc.options.SystemdCgroup = False", "kubelet's cgroupDriver"),
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake[0] for mistake in MISTAKES])
def test_mistake_is_reported_with_its_remedy(tmp_path: Path, mistake: Mistake) -> None:
    """What the cluster depends on is refused, with the reason."""
    assert_reported(tmp_path, mistake)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (API_SERVER, {"extra_args": {"no-such-flag": "the API server reports it"}}),
        (("kubernetes", "kubelet"), {"extra_config": {"noSuchField": {"the kubelet": ["ignores it"]}}}),
        (CONTAINERD, "no_such_key = 'containerd reports it'"),
        (("kubernetes", "etcd"), {"extra_env": {"GODEBUG": "x=1"}}),
    ],
)
def test_unknown_settings_are_passed_on(tmp_path: Path, path: tuple[str, ...], value: Any) -> None:
    """A newer Kubernetes knows more than this app."""
    accepted(tmp_path, changed(path, value))


def test_values_of_flags_are_written_as_flags(tmp_path: Path) -> None:
    """YAML reads true and 5 as something other than strings."""
    file = tmp_path / "cluster.yaml"
    flags = {"profiling": True, "v": 5, "kube-api-qps": 50.5, "x": "y"}
    file.write_text(yaml.safe_dump(changed(API_SERVER, {"extra_args": flags})), encoding="utf-8")
    assert load_cluster(file).kubernetes.api_server.extra_args == {
        "profiling": "true",
        "v": "5",
        "kube-api-qps": "50.5",
        "x": "y",
    }


@pytest.mark.parametrize(
    "value", [{"extra_args": {"unsafe-no-fsync": True}}, {"extra_env": {"ETCD_UNSAFE_NO_FSYNC": "true"}}]
)
def test_etcd_that_may_lose_data_is_a_warning(value: dict[str, Any]) -> None:
    """Allowed for tests, and never silent."""
    (warning,) = warnings_of(Cluster.model_validate(changed(ETCD, value)))
    assert "power loss" in warning
