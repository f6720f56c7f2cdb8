"""Which pod network a cluster has: mistakes, and what the choice is carried to."""

from pathlib import Path

import pytest

from kubequorum.cluster_documents import master_document, worker_document
from tests.synthesis import load_variant
from tests.unit.config.cluster_files import Mistake, accepted, assert_reported, changed, document, errors

MISTAKES: list[Mistake] = [
    ("unknown network", ("network", "plugin"), "flannel", ("network.plugin = flannel", "calico")),
    (
        "settings of a network that the cluster does not have",
        ("network", "calico"),
        {"version": "3.32.1"},
        ("network.calico", "network.plugin is builtin", "set network.plugin to calico"),
    ),
    (
        "the name of the network's addon",
        ("addons",),
        {"manifests": [{"name": "calico", "file": "x.yaml"}]},
        ("addons.manifests.0.name = calico", "another addon"),
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake[0] for mistake in MISTAKES])
def test_mistakes(tmp_path: Path, mistake: Mistake) -> None:
    """Each names the key, the value and the remedy."""
    assert_reported(tmp_path, mistake)


def test_a_version_whose_kinds_are_not_known(tmp_path: Path) -> None:
    """Those that are, are named."""
    network = {**document()["network"], "plugin": "calico", "calico": {"version": "3.30.0"}}
    message = errors(tmp_path, changed(("network",), network))
    assert "network.calico.version = 3.30.0" in message
    assert "3.32.1, 3.28.5" in message


def test_addons_may_need_the_network(tmp_path: Path) -> None:
    """If the cluster has it."""
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
    (tmp_path / "own.yaml").write_text(manifest, encoding="utf-8")
    own = {"manifests": [{"name": "own", "file": "own.yaml", "needs": ["calico"]}]}
    assert "calico" in errors(tmp_path, changed(("addons",), own))
    accepted(
        tmp_path, {**changed(("addons",), own), "network": {**document()["network"], "plugin": "calico"}}
    )


def test_hosts_know_it() -> None:
    """The built-in network is not started on them, and masters refuse another one later."""
    for variant, plugin in (("ha", "builtin"), ("calico", "calico")):
        cluster = load_variant(variant)
        assert master_document(cluster, stack="x").network_plugin == plugin
        worker = worker_document(cluster, cluster.worker_groups[0], stack="x")
        assert worker.network_plugin == plugin
