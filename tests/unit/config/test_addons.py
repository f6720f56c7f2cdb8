"""The section `addons`: mistakes in it and in the files that it names."""

from pathlib import Path
from typing import Any

import pytest

from kubequorum.config import Cluster, warnings_of
from tests.unit.config.cluster_files import accepted, changed, errors

GOOD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"


def _manifests(*manifests: dict[str, Any]) -> dict[str, Any]:
    return changed(("addons",), {"manifests": list(manifests)})


def _own(name: str = "own", **more: Any) -> dict[str, Any]:
    return {"name": name, "file": f"{name}.yaml", **more}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no objects"),
        ("a: [", "is not YAML"),
        ("a: 1\na: 2\n", "duplicate key"),
        ("- 1\n", "no mapping"),
        ("kind: ConfigMap\nmetadata: {name: x}\n", "without apiVersion"),
        ("apiVersion: v1\nmetadata: {name: x}\n", "without kind"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {generateName: x}\n", "without metadata.name"),
        ("apiVersion: v1\nkind: Pod\nmetadata: x\n", "without metadata.name"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: x, labels: [1]}\n", "labels are no mapping"),
        (f"{GOOD}data: {{a: 2026-01-01}}\n", "JSON does not know"),
        (f"{GOOD}data: {{a: .nan}}\n", "JSON does not know"),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {a: b}\n", "create it with kubectl"),
        (f"{GOOD}---\n{GOOD}", "is in own already"),
        ("&a [*a]\n", "no mapping"),
    ],
)
def test_mistakes_in_a_file(tmp_path: Path, text: str, said: str) -> None:
    """Each names the file and says what to do."""
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    message = errors(tmp_path, _manifests(_own()))
    assert said in message
    assert "addons.manifests.0.file" in message
    assert str(tmp_path / "own.yaml") in message


@pytest.mark.parametrize("name", ["missing.yaml", ".", "x\0y", "x" * 5000])
def test_files_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    """No such file, a folder, and what is no name at all."""
    assert "addons.manifests.0.file" in errors(tmp_path, _manifests({"name": "own", "file": name}))


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    """Such as a chart's archive."""
    (tmp_path / "own.yaml").write_bytes(b"\x1f\x8b\x08")
    assert "is not UTF-8" in errors(tmp_path, _manifests(_own()))


@pytest.mark.parametrize(
    ("manifests", "said"),
    [
        ([_own(), _own()], "is the name of another addon"),
        ([_own("metrics-server")], "is the name of another addon"),
        ([_own(needs=["nobody"])], "use some of: metrics-server, own"),
        ([_own(needs=["b"]), _own("b", needs=["own"])], "need each other"),
        ([_own(needs=["own"])], "need each other"),
        ([_own(), _own("b")], "is in own already"),
        ([_own(ready_seconds=5)], "ready_seconds"),
    ],
)
def test_mistakes_between_addons(tmp_path: Path, manifests: list[dict[str, Any]], said: str) -> None:
    """Names, needs, and an object that two of them have."""
    for manifest in manifests:
        (tmp_path / manifest["file"]).write_text(GOOD, encoding="utf-8")
    assert said in errors(tmp_path, _manifests(*manifests))


def test_an_addon_that_is_turned_off_cannot_be_needed(tmp_path: Path) -> None:
    """Nothing would ever make it ready."""
    (tmp_path / "own.yaml").write_text(GOOD, encoding="utf-8")
    document = changed(
        ("addons",),
        {"metrics_server": {"enabled": False}, "manifests": [_own(needs=["metrics-server"])]},
    )
    assert "is no addon of this cluster" in errors(tmp_path, document)


@pytest.mark.parametrize(
    ("key", "value"),
    [("enabled", "no"), ("version", "v0.8.1"), ("image", "Registry/x"), ("extra_args", {"--x": "1"})],
)
def test_values_of_metrics_server(tmp_path: Path, key: str, value: object) -> None:
    """Each is refused with what it should be."""
    assert f"addons.metrics_server.{key}" in errors(
        tmp_path, changed(("addons", "metrics_server", key), value)
    )


_DNS = {"enabled": True, "zone_id": "Z0123456789ABCDEFGHIJ", "domain": "apps.example.com"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({**_DNS, "zone_id": None}, "is not in the cluster's own zone, ha.kubequorum.internal"),
        ({**_DNS, "zone_id": "/hostedzone/Z0123456789"}, "addons.external_dns.zone_id"),
        ({**_DNS, "domain": None}, "addons.external_dns.domain"),
        ({**_DNS, "domain": "*.example.com"}, "addons.external_dns.domain"),
        ({**_DNS, "domain": "ha.kubequorum.internal"}, "api.ha.kubequorum.internal, etcd-a.ha.kubequorum"),
        ({**_DNS, "domain": "kubequorum.internal"}, "covers names of the cluster itself"),
        (
            {**_DNS, "domain": "etcd-b.ha.kubequorum.internal"},
            "itself: etcd-b.ha.kubequorum.internal",
        ),
        ({**_DNS, "sources": []}, "addons.external_dns.sources"),
        ({**_DNS, "sources": ["node"]}, "addons.external_dns.sources"),
        ({**_DNS, "version": "0.21"}, "addons.external_dns.version"),
    ],
)
def test_mistakes_in_external_dns(tmp_path: Path, values: dict[str, Any], said: str) -> None:
    """What it lacks, and domains with names of the cluster itself."""
    assert said in errors(tmp_path, changed(("addons", "external_dns"), values))


@pytest.mark.parametrize("domain", ["apps.ha.kubequorum.internal", "pi.ha.kubequorum.internal", "a.com"])
def test_domains_beside_the_clusters_names(tmp_path: Path, domain: str) -> None:
    """In the cluster's own zone, too: names are compared by their labels."""
    accepted(tmp_path, changed(("addons", "external_dns"), {**_DNS, "domain": domain}))


def test_the_autoscaler_needs_a_group_that_it_may_resize(tmp_path: Path) -> None:
    """With min_size and max_size equal everywhere it could do nothing; one group that varies suffices."""
    document = changed(("addons", "cluster_autoscaler"), {"enabled": True})
    first, *others = document["worker_groups"]
    assert others
    for group in others:
        group["max_size"] = max(1, group["min_size"])
        group["min_size"] = group["max_size"]
    accepted(tmp_path, document)
    first["min_size"] = first["max_size"]
    said = errors(tmp_path, document)
    assert "addons.cluster_autoscaler.enabled = True: there is nothing that it may change" in said
    document["worker_groups"] = []
    assert "there is nothing that it may change" in errors(tmp_path, document)
    document["addons"]["cluster_autoscaler"]["enabled"] = False
    accepted(tmp_path, document)


@pytest.mark.parametrize(
    ("values", "warned"),
    [
        ({"enabled": True, "version": "1.36.9"}, False),
        ({"enabled": True, "version": "1.35.1"}, True),
        ({"enabled": True, "version": "1.37.0"}, True),
        ({"enabled": False, "version": "1.35.1"}, False),
    ],
)
def test_an_autoscaler_of_another_minor_version_is_warned_of(values: dict[str, Any], warned: bool) -> None:
    """Valid, as an update of Kubernetes comes first, and not meant to stay."""
    document = changed(("kubernetes", "version"), "1.36.3")
    document["addons"] = {"cluster_autoscaler": values}
    found = [each for each in warnings_of(Cluster.model_validate(document)) if "cluster_autoscaler" in each]
    assert len(found) == warned
    assert all("name a version 1.36.x" in each for each in found)


def test_volumes_need_a_worker_and_tags_that_the_driver_takes(tmp_path: Path) -> None:
    """Without them nothing could be attached, or the driver would not start."""
    document = changed(("addons", "ebs_csi"), {"enabled": True})
    document["tags"] = {"team": "a=b"}
    accepted(tmp_path, document)
    for key in ("CSIVolumeName", "ebs.csi.aws.com/x", "a=b", "kubernetes.iox"):
        said = errors(tmp_path, {**document, "tags": {key: "v"}})
        assert f"tags.{key} = v: volumes of pods would get it" in said
    assert "there is no worker group" in errors(tmp_path, {**document, "worker_groups": []})
    document["addons"]["ebs_csi"]["enabled"] = False
    accepted(tmp_path, {**document, "tags": {"CSIVolumeName": "v"}, "worker_groups": []})


def test_a_good_file_is_accepted(tmp_path: Path) -> None:
    """A Secret without data, too: whoever has its content fills it in."""
    (tmp_path / "own.yaml").write_text(GOOD + "---\n" + GOOD.replace("ConfigMap", "Secret"), encoding="utf-8")
    accepted(tmp_path, _manifests(_own()))


@pytest.mark.parametrize(
    ("addon", "settings"),
    [
        ("cloud_controller_manager", {"enabled": True}),
        ("cluster_autoscaler", {"enabled": True}),
        ("ebs_csi", {"enabled": True}),
        ("external_dns", _DNS),
    ],
)
@pytest.mark.parametrize(
    ("key", "said"),
    [
        (("service_accounts", "issuer"), "it needs an AWS role"),
        (("network", "nat"), "its pods must reach STS"),
    ],
)
def test_an_addon_that_calls_aws_needs_a_role_and_a_way(
    tmp_path: Path, addon: str, settings: dict[str, Any], key: tuple[str, str], said: str
) -> None:
    """Without them its pods would fail one after the other."""
    accepted(tmp_path, changed(("addons", addon), settings))
    document = changed(key, "none")
    document["addons"] = {addon: settings}
    assert f"addons.{addon}.enabled = True: {said}" in errors(tmp_path, document)
