"""The stack Addons: one set in force, one resource that waits for it, and no more rights than that takes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubequorum.addons import addon_set, longest_seconds
from kubequorum.config import Cluster, load_cluster
from kubequorum_node.addon_set import Addon, AddonSet, parameter_name, sha256_of
from tests.synthesis import REPOSITORY, Template, synthesise, synthesise_cluster
from tests.unit.templates.common import EVERY_CLUSTER

PARAMETER, WAIT = "AWS::SSM::Parameter", "AWS::CloudFormation::WaitCondition"


def _of(template: Template, resource_type: str) -> dict[str, Template]:
    return {name: r for name, r in template["Resources"].items() if r["Type"] == resource_type}


def _value(template: Template) -> str:
    """The parameter's value, with what CloudFormation fills in as it stands in the template."""
    (parameter,) = _of(template, PARAMETER).values()
    value = parameter["Properties"]["Value"]
    parts = value["Fn::Join"][1] if isinstance(value, dict) else [value]
    return "".join(part if isinstance(part, str) else part["Fn::Sub"] for part in parts)


def _cluster(folder: Path, name: str, **addons: Any) -> Cluster:
    """A cluster of this repository with other addons."""
    document = yaml.safe_load((REPOSITORY / "clusters" / f"{name}.yaml").read_text("utf-8"))
    file = folder / "cluster.yaml"
    file.write_text(yaml.safe_dump({**document, "addons": addons}), encoding="utf-8")
    return load_cluster(file)


@EVERY_CLUSTER
def test_the_stack_has_a_parameter_and_what_waits(cluster: str) -> None:
    """And nothing else: no function, no role."""
    synthesised = synthesise(cluster)
    template = synthesised.templates["Addons"]
    wanted = addon_set(synthesised.cluster)
    waiting = _of(template, WAIT)
    assert len(waiting) == (1 if wanted.addons else 0)
    assert len(template["Resources"]) == 1 + len(waiting)
    location = json.loads(_value(template))
    assert location["stack"] == f"{cluster}-Addons"
    assert location["signal"] == next(iter(waiting), "")
    assert location["sha256"] == sha256_of(wanted.to_json().encode())
    assert re.fullmatch(rf"{cluster}-Addons/[0-9a-f]{{64}}\.json", location["key"])


@EVERY_CLUSTER
def test_what_waits_is_created_after_the_parameter_and_waits_long_enough(cluster: str) -> None:
    """Masters that signal have read it; and the slowest addon has its time."""
    synthesised = synthesise(cluster)
    seconds = longest_seconds(addon_set(synthesised.cluster))
    for resource in _of(synthesised.templates["Addons"], WAIT).values():
        assert resource["DependsOn"] == ["AddonSet"]
        signal = resource["CreationPolicy"]["ResourceSignal"]
        assert signal == {"Count": 1, "Timeout": f"PT{(seconds + 300) // 60}M"}


def test_another_set_is_waited_for_again_and_replaces_no_machine(tmp_path: Path) -> None:
    """CloudFormation cannot update a wait condition. No other template changes with the addons."""
    before = synthesise_cluster(_cluster(tmp_path, "ha"))
    after = synthesise_cluster(_cluster(tmp_path, "ha", metrics_server={"version": "0.9.1"}))
    assert not set(_of(before.templates["Addons"], WAIT)) & set(_of(after.templates["Addons"], WAIT))
    assert {stack for stack, t in before.templates.items() if after.templates[stack] != t} == {"Addons"}


def test_an_empty_set_is_in_force_and_waited_for_by_nobody(tmp_path: Path) -> None:
    """Masters remove what was there."""
    cluster = _cluster(tmp_path, "ha", metrics_server={"enabled": False})
    template = synthesise_cluster(cluster).templates["Addons"]
    assert not _of(template, WAIT)
    assert json.loads(_value(template))["signal"] == ""


@EVERY_CLUSTER
def test_masters_alone_read_the_set(cluster: str) -> None:
    """One parameter, the assets of one stack, and the signals of two."""
    synthesised = synthesise(cluster)
    readers: dict[str, set[str]] = {}
    for logical_id, policy in synthesised.resources("AWS::IAM::Policy").items():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            text = str(statement["Resource"])
            if parameter_name(cluster) in text or f"{cluster}-Addons/" in text:
                readers.setdefault(logical_id[:7], set()).add(statement["Sid"])
    assert set(readers) == {f"Master{slot.upper()}" for slot in synthesised.cluster.slots}
    assert set().union(*readers.values()) == {"ReadAddonSet", "ReadAddons", "SignalStack"}


def test_addons_that_need_each_other_have_time_one_after_the_other() -> None:
    """Others have it at the same time."""
    slow, next_one = (Addon(name=name, version="", objects=(), ready_seconds=600) for name in "ab")
    third = Addon(name="c", version="", objects=(), needs=("a",), ready_seconds=60)
    assert longest_seconds(AddonSet(addons=(slow, next_one, third))) == 660
    assert longest_seconds(AddonSet(addons=())) == 0


MANIFEST = """\
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: one, namespace: default}}
---
---
apiVersion: v1
kind: ConfigMap
metadata: {name: two}
"""


def test_manifests_of_the_users_are_addons(tmp_path: Path) -> None:
    """Relative to the cluster file; each after those that it needs; lists are taken apart."""
    (tmp_path / "own.yaml").write_text(MANIFEST, encoding="utf-8")
    (tmp_path / "first.yaml").write_text(MANIFEST.replace("one", "o").replace("two", "t"), encoding="utf-8")
    cluster = _cluster(
        tmp_path,
        "ha",
        manifests=[
            {"name": "own", "file": "own.yaml", "needs": ["first", "metrics-server"], "version": "3"},
            {"name": "first", "file": "first.yaml"},
        ],
    )
    wanted = addon_set(cluster)
    names = [addon.name for addon in wanted.addons]
    assert names.index("own") > max(names.index("first"), names.index("metrics-server"))
    own = wanted.addons[names.index("own")]
    assert [each["metadata"]["name"] for each in own.objects] == ["one", "two"]
    assert own.version == "3"


@pytest.mark.parametrize(("cluster", "replicas"), [("dev", 1), ("ha", 2)])
def test_metrics_server_fits_the_masters(cluster: str, replicas: int) -> None:
    """As many as there are masters for, on different ones; a drain leaves one of two."""
    (addon,) = (a for a in addon_set(synthesise(cluster).cluster).addons if a.name == "metrics-server")
    kinds = {each["kind"]: each for each in addon.objects}
    spec = kinds["Deployment"]["spec"]
    assert spec["replicas"] == replicas
    assert ("PodDisruptionBudget" in kinds) is (replicas > 1)
    assert ("topologySpreadConstraints" in spec["template"]["spec"]) is (replicas > 1)


def test_metrics_server_takes_settings(tmp_path: Path) -> None:
    """Another version, image, and flags over ours."""
    settings = {"version": "0.9.1", "extra_args": {"metric-resolution": "30s", "v": 2}}
    container = _container(_cluster(tmp_path, "ha", metrics_server=settings))
    assert container["image"] == "registry.k8s.io/metrics-server/metrics-server:v0.9.1"
    assert {"--metric-resolution=30s", "--v=2"} <= set(container["args"])
    assert "--metric-resolution=15s" not in container["args"]
    image = "registry.example.com/m@sha256:" + "0" * 64
    assert _container(_cluster(tmp_path, "ha", metrics_server={"image": image}))["image"] == image


def _container(cluster: Cluster) -> dict[str, Any]:
    (addon,) = (a for a in addon_set(cluster).addons if a.name == "metrics-server")
    (deployment,) = (each for each in addon.objects if each["kind"] == "Deployment")
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]["containers"][0]
    return found
