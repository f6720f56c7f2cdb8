"""Worker groups: sizes, names, labels and taints."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from kubequorum.config.instances import WorkerGroup
from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem
from kubequorum_node.config import SLOT_LABEL, WORKER_GROUP_LABEL

_LABEL_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL_PREFIX = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
"""https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set"""
_SYNTAX = "use letters, digits, '-', '_' and '.', at most 63 of them, with an optional DNS prefix and a slash"
_KUBERNETES_DOMAINS = ("kubernetes.io", "k8s.io")
_KUBELET_MAY_SET = ("node.kubernetes.io", "kubelet.kubernetes.io")
"""https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction"""
_SET_BY_NODE_PROGRAM = ("node.kubernetes.io/instance-type", SLOT_LABEL, WORKER_GROUP_LABEL)


def worker_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check every worker group, and their names against each other."""
    for index, group in enumerate(cluster.worker_groups):
        yield from _group(f"worker_groups.{index}", group)
    for (i, first), (j, second) in combinations(enumerate(cluster.worker_groups), 2):
        if first.name.replace("-", "") == second.name.replace("-", ""):
            yield Problem(
                f"worker_groups.{j}.name",
                second.name,
                f"is not distinct from worker_groups.{i}, {first.name}: "
                "names in CloudFormation have no dashes",
                "give each group a name that differs in more than dashes",
            )


def _group(key: str, group: WorkerGroup) -> Iterator[Problem]:
    if group.min_size > group.max_size:
        yield Problem(
            f"{key}.min_size",
            group.min_size,
            f"is more than max_size ({group.max_size})",
            "lower min_size or raise max_size",
        )
    for label, value in group.labels.items():
        yield from _label(f"{key}.labels.{label}", label, value)
    for taint_key, times in Counter(taint.key for taint in group.taints).items():
        if times > 1:
            yield Problem(
                f"{key}.taints",
                taint_key,
                f"is the key of {times} taints",
                "use one taint per key: the tag that describes it to the cluster-autoscaler holds one effect",
            )
    for taint in group.taints:
        if not _is_qualified_name(taint.key) or not _LABEL_VALUE.fullmatch(taint.value):
            yield Problem(f"{key}.taints", f"{taint.key}={taint.value}", "is not a valid taint", _SYNTAX)


def _label(key: str, label: str, value: str) -> Iterator[Problem]:
    if not _is_qualified_name(label) or not _LABEL_VALUE.fullmatch(value):
        yield Problem(key, value, "is not a valid label", _SYNTAX)
    prefix = label.rpartition("/")[0]
    reserved = _is_in(prefix, _KUBERNETES_DOMAINS) and not _is_in(prefix, _KUBELET_MAY_SET)
    if reserved:
        yield Problem(
            key,
            value,
            "a kubelet must not set this label on its own node (NodeRestriction)",
            f"use a prefix of your own, or one in {' or '.join(_KUBELET_MAY_SET)}",
        )
    if label in _SET_BY_NODE_PROGRAM:
        yield Problem(
            key, value, "is set by Kubequorum from the instance itself", "remove it, or use another key"
        )


def _is_qualified_name(text: str) -> bool:
    prefix, slash, name = text.rpartition("/")
    return bool(_LABEL_NAME.fullmatch(name)) and (not slash or bool(_LABEL_PREFIX.fullmatch(prefix)))


def _is_in(prefix: str, domains: tuple[str, ...]) -> bool:
    return any(prefix == domain or prefix.endswith(f".{domain}") for domain in domains)
