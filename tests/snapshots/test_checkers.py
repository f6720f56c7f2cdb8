"""cdk-nag and cfn-lint: every finding is fixed or acknowledged with a reason."""

import json
from functools import cache
from pathlib import Path

import pytest
from aws_cdk import App, Stack, Validations
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks
from cfnlint import ManualArgs
from cfnlint.api import lint

from kubequorum.node_program import Bundle
from stacks import add_cluster
from tests.synthesis import CLUSTERS, REPOSITORY, VARIANTS, load_variant, stacks_of, synthesise


def _checked_app(cluster: str) -> App:
    context = json.loads((REPOSITORY / "cdk.json").read_text(encoding="utf-8"))["context"]
    app = App(analytics_reporting=False, context=context)
    add_cluster(
        app,
        load_variant(cluster),
        lambda _: Bundle(Path(__file__), "0" * 64),
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


@pytest.mark.parametrize("cluster", [*CLUSTERS, *VARIANTS])
def test_aws_solutions_has_no_unexplained_finding(cluster: str) -> None:
    """Every AwsSolutions finding is acknowledged at its cause, with a reason."""
    _checked_app(cluster).synth()


def test_an_unexplained_finding_stops_synthesis() -> None:
    """The check above can fail: an unexplained bucket is a finding."""
    app = _checked_app("dev")
    s3.Bucket(Stack(app, "Other"), "Unexplained")
    with pytest.raises(RuntimeError, match="AwsSolutions-S1"):
        app.synth()


@pytest.mark.parametrize(("cluster", "stack"), stacks_of(*CLUSTERS, *VARIANTS))
def test_cfn_lint_is_clean(cluster: str, stack: str) -> None:
    """cfn-lint finds no error and no warning, except for literal zones, to which slots are bound."""
    synthesised = synthesise(cluster)
    assert _lint(json.dumps(synthesised.templates[stack]), synthesised.cluster.region) == []


@cache
def _lint(template: str, region: str) -> list[str]:
    """Findings; most stacks are the same in several clusters, and a look at one takes seconds."""
    only_zones = ManualArgs(ignore_checks=["W3010"])
    return [str(match) for match in lint(template, regions=[region], config=only_zones)]
