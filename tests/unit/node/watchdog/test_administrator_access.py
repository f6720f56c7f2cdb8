"""Use of the administrator's kubeconfig becomes an Event."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubequorum_node.host import CommandError
from kubequorum_node.kubeadm.cluster_configuration import AUDIT_FOLDER
from kubequorum_node.watchdog.administrator_access import AdministratorAccess
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode
from tests.unit.node.kubernetes.test_api_server_files import ISSUER


class _Master:
    """A master whose API server writes an audit log."""

    def __init__(self, folder: Path) -> None:
        self.node = FakeNode(folder)
        self.events: list[dict[str, Any]] = []
        self.log = self.node.host.path(f"{AUDIT_FOLDER}/audit.log")
        self.log.parent.mkdir(parents=True)
        self.node.host.on("/usr/local/bin/kubectl", self._kubectl)

    def writes(
        self, user: str = "kubequorum-admin", *, program: str = "kubectl/v1.36.3", end: str = "\n"
    ) -> None:
        event = {
            "user": {"username": user},
            "verb": "get",
            "requestURI": "/api/v1/secrets?limit=500",
            **({"userAgent": f"{program} (linux/amd64)"} if program else {}),
            "sourceIPs": ["10.20.0.9"],
        }
        with self.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(event, separators=(",", ":")) + end)

    def _kubectl(self, command: tuple[str, ...], stdin: str | None) -> None:
        assert "create" in command
        self.events.append(json.loads(stdin or ""))


@pytest.fixture
def master(tmp_path: Path) -> _Master:
    """A master."""
    return _Master(tmp_path)


def test_a_program_without_a_name_is_reported(master: _Master) -> None:
    """Not every client says what it is."""
    access = AdministratorAccess(master.node)
    access.look()
    master.writes(program="")
    access.look()
    (event,) = master.events
    assert "is used by an unnamed program from 10.20.0.9" in event["message"]


def test_a_use_is_reported_once_and_again_after_half_an_hour(master: _Master) -> None:
    """Who, from where and what; another program is another report."""
    master.writes()
    access = AdministratorAccess(master.node)
    access.look()
    assert master.events == [], "that was before"
    master.writes()
    master.writes()
    master.writes("oidc:jane")
    access.look()
    (event,) = master.events
    assert event["reason"] == "AdministratorAccess"
    assert event["message"] == (
        "the administrator's kubeconfig is used by kubectl/v1.36.3 from 10.20.0.9: get /api/v1/secrets"
    )
    assert event["type"] == "Normal"
    master.writes(program="python/3")
    access.look()
    assert len(master.events) == 2
    master.node.clock.sleep(1900)
    master.writes()
    access.look()
    assert len(master.events) == 3


def test_it_is_a_warning_where_people_can_log_in_as_themselves(tmp_path: Path) -> None:
    """Then it should not happen."""
    assert examples.DOCUMENT.security is not None
    security = replace(examples.DOCUMENT.security, oidc_issuers=(ISSUER,))
    master = _Master(tmp_path)
    master.node.document = replace(examples.DOCUMENT, security=security)
    access = AdministratorAccess(master.node)
    master.writes()
    access.look()
    assert [event["type"] for event in master.events] == ["Warning"]


def test_a_rotated_log_is_followed(master: _Master) -> None:
    """The API server renames it at 100 MiB: what it wrote just before that counts, too."""
    access = AdministratorAccess(master.node)
    master.writes("somebody")
    access.look()
    master.writes(program="before/1")
    master.log.rename(master.log.with_name("audit-2026.log"))
    access.look()
    master.writes(program="after/1")
    access.look()
    assert [event["message"].split()[6] for event in master.events] == ["before/1", "after/1"]


def test_half_a_line_waits_for_its_other_half(master: _Master) -> None:
    """The API server is just writing it."""
    access = AdministratorAccess(master.node)
    master.writes(end="")
    access.look()
    assert master.events == []
    with master.log.open("a", encoding="utf-8") as log:
        log.write("\n")
    access.look()
    assert len(master.events) == 1


@pytest.mark.parametrize(
    "line", ['{"user', '{"user":{"username":"kubequorum-admin"}}', '"username":"kubequorum-admin"']
)
def test_a_broken_line_ends_nothing(master: _Master, line: str) -> None:
    """Nor does somebody whose request has the name in it."""
    access = AdministratorAccess(master.node)
    with master.log.open("a", encoding="utf-8") as log:
        log.write(f"{line}\n")
    master.writes()
    access.look()
    assert len(master.events) == 1


def test_an_impersonated_administrator_is_somebody_else(master: _Master) -> None:
    """The log names who asked, and as whom."""
    access = AdministratorAccess(master.node)
    event = {"user": {"username": "jane"}, "impersonatedUser": {"username": "kubequorum-admin"}}
    with master.log.open("a", encoding="utf-8") as log:
        log.write(json.dumps(event, separators=(",", ":")) + "\n")
    access.look()
    assert master.events == []


def test_an_event_that_cannot_be_written_is_only_logged(master: _Master) -> None:
    """The watchdog has more to do."""

    def refuse(*_: object) -> str:
        raise CommandError("refused")

    master.node.host.on("/usr/local/bin/kubectl", refuse)
    access = AdministratorAccess(master.node)
    master.writes()
    access.look()
