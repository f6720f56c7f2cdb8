"""Settings from the environment.

An image has its own in /etc/default/kubequorum, a release in files/environment of its bundle.

/usr/local/bin/kubequorum-node reads both. The source tree has no files/environment: a test that needs a
release with a fault adds that file.
"""

import os
from collections.abc import Mapping

from kubequorum_node.errors import NodeError

SUPERVISOR = "KUBEQUORUM_SUPERVISOR"
"""`process` for a host that is a plain process, without root and without systemd; else left out."""
HOME = "KUBEQUORUM_HOME"
"""Where the node program is, and its node.json."""
_AWS_ENDPOINT = "AWS_ENDPOINT_URL"
"""The AWS SDKs' own variable: an image sets it where AWS's API is somewhere else."""
_IGNORED_PREFLIGHT_ERRORS = "KUBEQUORUM_IGNORE_PREFLIGHT_ERRORS"
_FAILING_STEP = "KUBEQUORUM_FAIL_STEP"
_ETCD_ENVIRONMENT = "KUBEQUORUM_ETCD_ENVIRONMENT"


class SettingError(NodeError):
    """A setting cannot be read."""


class InjectedFaultError(NodeError):
    """A step fails because the environment says so."""


def home() -> str:
    """The folder of the node program."""
    return os.environ.get(HOME, "/opt/kubequorum")


def is_plain_process() -> bool:
    """Whether this host is a plain process."""
    return os.environ.get(SUPERVISOR) == "process"


def aws_endpoint() -> str | None:
    """Where AWS's API is, if not at its own address."""
    return os.environ.get(_AWS_ENDPOINT) or None


def ignored_preflight_errors() -> tuple[str, ...]:
    """Kubeadm's checks that an image cannot pass, joined by commas."""
    return tuple(filter(None, os.environ.get(_IGNORED_PREFLIGHT_ERRORS, "").split(",")))


def fail_if_injected(step: str) -> None:
    """Fail in the step that a fault is injected into.

    Raises:
        InjectedFaultError: this is the step.

    """
    if os.environ.get(_FAILING_STEP) == step:
        raise InjectedFaultError(f"an injected fault: {_FAILING_STEP}={step} in the environment")


def etcd_environment() -> Mapping[str, str]:
    """Variables for etcd's container, as NAME=value joined by commas.

    Raises:
        SettingError: a part has no `=`.

    """
    pairs = [part.partition("=") for part in os.environ.get(_ETCD_ENVIRONMENT, "").split(",") if part]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise SettingError(f"{_ETCD_ENVIRONMENT} has {wrong[0]!r}, which is not NAME=value")
    return {name: value for name, _, value in pairs}
