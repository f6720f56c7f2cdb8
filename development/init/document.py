"""The text of a cluster file, with comments, and what the checks of cluster files say of it."""

import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import yaml

from development.init.account import image_parameter
from development.init.answers import PLACEHOLDER_ACCOUNT, PLACEHOLDER_IMAGE, Answers
from kubequorum.config import Cluster, ClusterFileError, load_cluster
from kubequorum.config.problem import Problem

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]*")
_CHANGE = "  # CHANGE THIS: AWS did not say"


def write(answers: Answers, *, schema: bool) -> str:
    """The text of the file.

    Args:
        answers: what it says.
        schema: whether schema.json is beside it.
    """
    plan = answers.plan
    account = _CHANGE if answers.account == PLACEHOLDER_ACCOUNT else ""
    image = _CHANGE if answers.image == PLACEHOLDER_IMAGE else ""
    hosted = (
        f"  # An existing public zone; without this key a private one is created.\n"
        f"  hosted_zone_id: {_scalar(answers.hosted_zone_id)}\n"
        if answers.hosted_zone_id
        else "  # A private zone, which is created. Instead: hosted_zone_id, of a public zone of that name.\n"
    )
    return f"""\
{"# yaml-language-server: $schema=schema.json" if schema else "# A cluster of Kubequorum."}
# All keys are described in docs/cluster-file.md. What is not here has the default that is written there.
# Next: cdk deploy --all -c cluster=THIS FILE (docs/operations/deploy.md).

# Fixed for the cluster's life: name, account, region, zones, network.vpc_cidr, dns.zone_name.
name: {_scalar(answers.name)}
account: {json.dumps(answers.account)}{account}
region: {_scalar(answers.region)}
# The masters a, b and c, one in each zone. One or three: a cluster cannot grow from one to the other.
zones: {_list(answers.zones)}

network:
  # Of its own: it may not overlap what is peered with it, nor the pods' and Services' ranges.
  vpc_cidr: {_scalar(answers.vpc_cidr)}
  # per-zone: a NAT gateway in each zone. single: one for all; it is cheaper, and the others need its zone.
  nat: {plan.nat}

api:
  # internal: from the VPC and what is connected with it. public: a load balancer on the internet, too.
  exposure: {_scalar(answers.exposure)}
  # Ranges that may connect, besides the cluster's own instances.
  allowed_cidrs: {_list(answers.allowed_cidrs)}

dns:
  zone_name: {_scalar(answers.zone_name)}
{hosted}
# Debian 13, pinned: a new image replaces all instances, one master at a time. The current one:
#   aws ssm get-parameter --query Parameter.Value --name {image_parameter(plan.architecture)}
image:
  {plan.architecture}: {_scalar(answers.image)}{image}

masters:
  instance_type: {_scalar(answers.master_type or plan.master_types[0])}
  architecture: {plan.architecture}
  etcd_volume: {{size_gib: {plan.etcd_gib}}}

worker_groups:
  - name: general
    instance_types: {_list([answers.worker_type or plan.worker_types[0]])}
    architecture: {plan.architecture}
    min_size: {plan.workers[0]}
    max_size: {plan.workers[1]}
    # How many percent of them EC2 may take back, for a lower price.
    spot_percent: {plan.spot_percent}

# How people get onto machines (docs/operations/machines.md); without it nobody does.
# access:
#   ssh_keys: ["ssh-ed25519 …"]
#   instance_connect_endpoint: true
"""


def check(text: str) -> tuple[Cluster | None, tuple[Problem, ...]]:
    """The cluster that a text describes, or its mistakes, by the checks of every synthesis."""
    with tempfile.TemporaryDirectory(prefix="kubequorum-init-") as folder:
        file = Path(folder) / "cluster.yaml"
        file.write_text(text, encoding="utf-8")
        try:
            return load_cluster(file), ()
        except ClusterFileError as error:
            return None, error.problems


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_scalar, values))}]"


def _scalar(value: str) -> str:
    """As YAML: in quotes where it would be something other than this text, such as `no` or `1e3`."""
    plain = _PLAIN.fullmatch(value) and yaml.safe_load(value) == value
    return value if plain else json.dumps(value)
