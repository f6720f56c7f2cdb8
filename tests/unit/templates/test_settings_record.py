"""The cluster file that a deployment was made from, as the last stack records it."""

import pytest

from kubequorum.config.names import SETTINGS_METADATA
from kubequorum_cli.plan.assembly import settings_in
from tests.synthesis import CLUSTERS, REPOSITORY, synthesise


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_plan_finds_the_whole_file(cluster: str) -> None:
    """With its defaults; in the stack that is deployed last, and in no other."""
    found = synthesise(cluster)
    assert settings_in(found.templates["Addons"]) == found.cluster.model_dump(mode="json", exclude_none=True)
    assert list(found.templates)[-1] == "Addons"
    others = [stack for stack in found.templates if stack != "Addons"]
    assert [settings_in(found.templates[stack]) for stack in others] == [None] * len(others)


def test_its_name_is_in_the_contract() -> None:
    """A release of another name names no keys."""
    assert f"| `{SETTINGS_METADATA}` |" in (REPOSITORY / "docs" / "contract.md").read_text(encoding="utf-8")
