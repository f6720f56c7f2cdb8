"""Waits of the node program against those of AWS and systemd around it: the inner one ends first."""

import configparser
import re
from collections.abc import Mapping
from datetime import timedelta

from kubequorum.auto_scaling import LAUNCH_HEARTBEAT, SIGNAL_TIMEOUT, TERMINATE_HEARTBEAT
from kubequorum_node.boot.run import LIMIT_SECONDS
from kubequorum_node.kubernetes.certificates import RENEW_BELOW_DAYS
from kubequorum_node.kubernetes.credentials import TOKEN_VALID
from kubequorum_node.services import SERVICES
from kubequorum_node.termination import order
from kubequorum_node.volume import attachment
from tests.synthesis import REPOSITORY

UNITS = REPOSITORY / "userdata" / "units"
_SECONDS = {"": 1, "s": 1, "min": 60, "h": 3600}


def _unit(name: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read(UNITS / name, encoding="utf-8")
    return unit


def _timer(command: str) -> Mapping[str, str]:
    (timer,) = [service.timer for service in SERVICES if service.step.name == command]
    assert timer is not None
    return timer


def _span(text: str) -> timedelta:
    """A time span as systemd writes it."""
    parts = re.findall(r"(\d+)([a-z]*)", text)
    return timedelta(seconds=sum(int(number) * _SECONDS[unit] for number, unit in parts))


def test_boot_ends_before_its_hook() -> None:
    """One that fails still has time to say why; and the wait for the volume ends before the boot."""
    assert LAUNCH_HEARTBEAT.to_seconds() >= LIMIT_SECONDS + 60
    assert attachment._WAIT_SECONDS < LIMIT_SECONDS
    assert (
        _span(_unit("kubequorum-boot.service")["Service"]["TimeoutStartSec"]).total_seconds() > LIMIT_SECONDS
    )


def test_graceful_termination_ends_before_its_hook() -> None:
    """All parts together, each at its longest."""
    assert sum(part.seconds for part in order.MASTER) < TERMINATE_HEARTBEAT.to_seconds()


def test_cloudformation_waits_for_termination_and_boot() -> None:
    """A rolling update ends the old master before the new one boots."""
    assert SIGNAL_TIMEOUT.to_seconds() >= LAUNCH_HEARTBEAT.to_seconds() + TERMINATE_HEARTBEAT.to_seconds()


def test_token_is_renewed_well_before_it_expires() -> None:
    """At any moment the published one is good for longer than a worker's boot, even if a renewal fails."""
    timer = _timer("publish-credentials")
    period = _span(timer["OnUnitActiveSec"]) + _span(timer["RandomizedDelaySec"])
    assert _span(timer["OnActiveSec"]) <= _span(timer["OnUnitActiveSec"])
    # The oldest one there can be: of the renewal before the last, if the last one failed.
    assert TOKEN_VALID - 2 * period > timedelta(seconds=LAUNCH_HEARTBEAT.to_seconds())


def test_certificates_are_checked_long_before_they_expire() -> None:
    """Every week, also after a host was off at that moment; they are renewed half a year before."""
    timer = _timer("renew-certificates")
    assert (timer["OnCalendar"], timer["Persistent"]) == ("weekly", "true")
    assert RENEW_BELOW_DAYS >= 20 * 7
    assert RENEW_BELOW_DAYS < 365
