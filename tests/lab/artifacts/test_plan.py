"""From targets to what they need."""

import pytest

from kubequorum.versions import SUPPORTED_ETCD_VERSIONS
from lab.artifacts.build.go import MODULES, pinned_version
from lab.artifacts.catalog import PROGRAM_SETS, program_set_of
from lab.artifacts.errors import ArtifactError
from lab.artifacts.image_catalog import IMAGES
from lab.artifacts.images import references
from lab.artifacts.kubernetes_versions import OTHER_MODULES, program_sets
from lab.artifacts.plan import known_targets, make_plan


def test_catalog_is_consistent() -> None:
    """Every program is in one set, every set has its module, every image's program exists."""
    programs = [program for program_set in PROGRAM_SETS.values() for program in program_set.programs]
    assert len(programs) == len(set(programs))
    for program_set in PROGRAM_SETS.values():
        assert (MODULES / program_set.module / "go.mod").is_file()
    modules = {item.module for item in PROGRAM_SETS.values()} | set(OTHER_MODULES.values())
    assert modules == {path.name for path in MODULES.iterdir()}
    for image in IMAGES.values():
        for program in image.programs.values():
            assert program_set_of(program).name in PROGRAM_SETS


def test_an_image_needs_its_programs_and_only_those() -> None:
    """One image needs one set, and the root only if it takes files from it."""
    plan = make_plan(["image:etcd"])
    assert [item.name for item in plan.program_sets] == ["etcd"]
    assert not plan.root
    assert make_plan(["image:kube-proxy"]).root


@pytest.mark.parametrize("version", OTHER_MODULES)
def test_another_version_of_kubernetes_has_programs_of_its_own(version: str) -> None:
    """Those of Kubernetes come from another module, all others are the same; so are the names."""
    sets = program_sets(version)
    assert list(sets) == list(PROGRAM_SETS)
    other = {name for name, item in sets.items() if item.module != PROGRAM_SETS[name].module}
    assert other == {"kubernetes-node", "kubernetes-control-plane"}
    assert {pinned_version(sets[name]) for name in other} == {version}
    planned = make_plan(["all"], kubernetes=version)
    assert planned.program_sets == tuple(sets.values())
    assert planned.kubernetes == version


def test_machines_have_every_version_of_etcd_that_a_cluster_file_may_name() -> None:
    """Under its name: the program is the one that can be built."""
    wanted = {f"registry.k8s.io/etcd:{version}-0" for version in SUPPORTED_ETCD_VERSIONS}
    assert wanted <= set(references(IMAGES["etcd"]))


def test_a_version_that_cannot_be_built_has_the_default_programs() -> None:
    """Machines then download the right ones."""
    plan = make_plan(["programs"], kubernetes="1.36.2")
    assert plan == make_plan(["programs"])


def test_programs_are_those_of_a_machine() -> None:
    """The group `programs` holds what is installed on machines, not what lives in images only."""
    names = {item.name for item in make_plan(["programs"]).program_sets}
    assert names == {
        *("kubernetes-node", "etcd", "containerd", "runc", "cni-plugins", "crictl"),
        "ecr-credential-provider",
    }


def test_images_of_addons_are_named_one_by_one() -> None:
    """The group `images` is what every machine has; a cluster with an addon adds the image of that."""
    of_all = {item.name for item in make_plan(["images"]).images}
    assert of_all == {name for name, image in IMAGES.items() if not image.addon}
    plan = make_plan(["images", "image:metrics-server"])
    assert {item.name for item in plan.images} - of_all == {"metrics-server"}
    assert "metrics-server" in {item.name for item in plan.program_sets}
    assert "metrics-server" not in {item.name for item in make_plan(["images"]).program_sets}


def test_all_is_everything() -> None:
    """The group `all` is the whole catalog."""
    plan = make_plan(["all"])
    assert {item.name for item in plan.program_sets} == set(PROGRAM_SETS)
    assert {item.name for item in plan.images} == {name for name, item in IMAGES.items() if item.programs}
    assert plan.root


@pytest.mark.parametrize("target", known_targets())
def test_every_known_target_plans_something(target: str) -> None:
    """No target in the help leads to an empty plan."""
    plan = make_plan([target])
    assert plan.program_sets or plan.root or [image for image in plan.images if image.is_mirrored]


def test_unknown_target_names_the_known_ones() -> None:
    """The error for a typo has the list of targets."""
    with pytest.raises(ArtifactError, match=r"no artifact 'kubelets'; known are programs, images"):
        make_plan(["kubelets"])
