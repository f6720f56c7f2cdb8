"""Who is asked, and what the history hears when one of them does not answer."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from development.diagrams import example
from kubequorum_cli.backups import state as backups
from kubequorum_cli.errors import CommandError, Obstacle
from kubequorum_cli.kubernetes import AddonList, ControlPlane, NodeList
from kubequorum_cli.picture import watch as module
from kubequorum_cli.picture.history import History
from kubequorum_cli.picture.model import Condition
from kubequorum_cli.picture.watch import Watch
from kubequorum_cli.report import Collector
from kubequorum_cli.target import Target
from tests.kubequorum_cli.picture.states import Clock
from tests.kubequorum_cli.test_kubernetes import ACCESS


def _target(**values: Any) -> Target:
    session = boto3.session.Session(
        aws_access_key_id="x", aws_secret_access_key="y", region_name="eu-central-1"
    )
    return Target(cluster="ha", session=session, kubeconfig=Path("unused"), **values)


class _Answers:
    """AWS and Kubernetes, which answer or not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.aws: Exception | None = None
        self.access: Exception | None = None
        self.found_access = 0
        state = example.well()
        answers: dict[str, Callable[..., Any]] = {
            "has_kubernetes": lambda _: True,
            "find_access": lambda _: self._access(),
            "look": lambda _: state.kubernetes.nodes,
            "look_at_addons": lambda _: AddonList(),
            "look_at_control_plane": lambda _: ControlPlane(),
        }
        for name, answer in answers.items():
            monkeypatch.setattr(module, name, answer)
        monkeypatch.setattr(backups, "look", lambda _: state.kubernetes.backups)
        monkeypatch.setattr(Collector, "collect", lambda _: self._report())

    def _report(self) -> Any:
        if self.aws is not None:
            raise self.aws
        return example.well().report

    def _access(self) -> Any:
        self.found_access += 1
        if self.access is not None:
            raise self.access
        return ACCESS


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> _Answers:
    """Both answer until a test says otherwise."""
    return _Answers(monkeypatch)


def test_a_picture_needs_both(answers: _Answers) -> None:
    """Before that, half of the cluster would look as if it was not there."""
    history = History()
    watch = Watch(_target(), history)
    watch._round(watch._ask_aws)
    assert history.moments() == []
    watch._round(watch._ask_kubernetes)
    (moment,) = history.moments()
    assert moment.picture.kubernetes.condition is Condition.WELL


def test_aws_that_is_silent_is_said_while_kubernetes_answers(answers: _Answers) -> None:
    """What is shown of AWS is of before; an answer of the other does not hide that."""
    clock = Clock()
    history = History(clock)
    watch = Watch(_target(), history)
    for ask in (watch._ask_aws, watch._ask_kubernetes):
        watch._round(ask)
    checked = history.status()["checked"]
    clock.now += timedelta(seconds=5)
    answers.aws = EndpointConnectionError(endpoint_url="https://ec2")
    watch._round(watch._ask_aws)
    watch._round(watch._ask_kubernetes)
    assert "the AWS API refused a request, or did not answer it" in history.status()["problem"]
    assert history.status()["checked"] == checked
    answers.aws = None
    watch._round(watch._ask_aws)
    assert history.status()["problem"] == ""


def test_an_error_that_nobody_expected_is_said_on_the_page(answers: _Answers) -> None:
    """Its thread has ended: the page must not look as if somebody still asked."""
    history = History()
    watch = Watch(_target(), history)
    answers.aws = KeyError("StackName")
    with pytest.raises(KeyError):
        watch._round(watch._ask_aws)
    assert "has ended with an error" in history.status()["problem"]


def test_missing_credentials_are_the_state_of_kubernetes_and_asked_for_again_soon(
    answers: _Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cluster that comes up has none at first; later they are renewed now and then, not for each look."""
    now = 0.0
    source = module._KubernetesSource(_target(), now=lambda: now)
    answers.access = CommandError("there are no credentials", why="no master has published them")
    found = source.ask()
    assert found.nodes == NodeList(problem="there are no credentials: no master has published them")
    answers.access = None
    now = 29.0
    assert source.ask().problem != ""
    now = 30.0
    assert source.ask().problem == ""
    for later in (40.0, 90.0, 149.0):
        now = later
        source.ask()
    assert answers.found_access == 2
    now = 150.0
    source.ask()
    assert answers.found_access == 3


def test_machines_without_kubernetes_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is shown instead."""
    target = _target(no_kubernetes=Obstacle(why="they are plain processes", remedy="use others"))
    assert module._KubernetesSource(target).ask().absent == "they are plain processes"
