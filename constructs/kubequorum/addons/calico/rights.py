"""Service accounts of Calico's programs, and what they may do.

Of the rights in upstream's manifest, those are left out that only its aggregated API and the migration of its
data to that need. What it reads of kinds that the cluster does not have (KubeVirt, cluster network policies)
stays: refused, it would wait for an answer, and it gets none that says that there is no such kind.
"""

from collections.abc import Mapping
from typing import Any

from kubequorum.addons.calico.names import CNI_PLUGIN, CONTROLLERS, GROUP, NODE, calico_object, labels_of
from kubequorum.addons.objects import RBAC, binding

_READ = "get list watch"
_WRITE = "create delete get list update"
_Rules = tuple[tuple[str, str, str], ...]
"""API group, resources and verbs, the last two separated by spaces."""

_RULES: Mapping[str, _Rules] = {
    NODE: (
        ("", "namespaces nodes pods serviceaccounts", _READ),
        ("", "endpoints services", _READ),
        ("", "configmaps", "get"),
        # What it may change there is confined further, see `admission`.
        ("", "nodes/status", "patch update"),
        ("", "pods/status", "patch"),
        ("apps", "daemonsets", "get"),
        ("discovery.k8s.io", "endpointslices", _READ),
        ("networking.k8s.io", "networkpolicies", _READ),
        ("policy.networking.k8s.io", "adminnetworkpolicies baselineadminnetworkpolicies", _READ),
        ("policy.networking.k8s.io", "clusternetworkpolicies", _READ),
        ("kubevirt.io", "virtualmachineinstancemigrations", _READ),
        (
            GROUP,
            "bgpconfigurations bgpfilters bgppeers blockaffinities caliconodestatuses clusterinformations "
            "felixconfigurations globalbgpconfigs globalfelixconfigs globalnetworkpolicies globalnetworksets "
            "hostendpoints ipamblocks ippools ipreservations networkpolicies networksets "
            "stagedglobalnetworkpolicies stagedkubernetesnetworkpolicies stagednetworkpolicies tiers",
            _READ,
        ),
        (GROUP, "bgpconfigurations bgppeers clusterinformations felixconfigurations", "create update"),
        (GROUP, "tiers", "create"),
        (GROUP, "caliconodestatuses", "update"),
        (GROUP, "blockaffinities ipamblocks ipamhandles", _WRITE),
        (GROUP, "ipamconfigs", "create get"),
    ),
    CNI_PLUGIN: (
        ("", "namespaces nodes pods", "get"),
        ("", "pods/status", "patch"),
        ("kubevirt.io", "virtualmachineinstances virtualmachines", "get"),
        (GROUP, "blockaffinities ipamblocks ipamhandles", _WRITE),
        (GROUP, "clusterinformations ipamconfigs ippools ipreservations", "get list"),
        (GROUP, "ipamconfigs", "create update"),
    ),
    CONTROLLERS: (
        ("", "namespaces nodes pods services", _READ),
        ("apps", "daemonsets deployments", _READ),
        ("apiextensions.k8s.io", "customresourcedefinitions", _READ),
        ("apiregistration.k8s.io", "apiservices", _READ),
        ("migration.projectcalico.org", "datastoremigrations", _READ),
        ("kubevirt.io", "virtualmachineinstances virtualmachines", _READ),
        (GROUP, "*", _READ),
        (GROUP, "blockaffinities hostendpoints ipamblocks ipamconfigs ipamhandles tiers", _WRITE),
        (GROUP, "clusterinformations kubecontrollersconfigurations", "create update"),
        (GROUP, "kubecontrollersconfigurations/status", "get update"),
        # It renames policies that an earlier version of Calico has written.
        (
            GROUP,
            "globalnetworkpolicies networkpolicies stagedglobalnetworkpolicies stagednetworkpolicies",
            _WRITE,
        ),
    ),
}


def objects() -> list[dict[str, Any]]:
    """Accounts, roles and bindings."""
    found = []
    for account, rules in _RULES.items():
        found += [
            calico_object("v1", "ServiceAccount", account, program=account),
            calico_object(
                f"{RBAC}/v1",
                "ClusterRole",
                account,
                program=account,
                namespaced=False,
                rules=[*map(_rule, rules)],
            ),
            binding(
                "ClusterRoleBinding",
                account,
                "ClusterRole",
                account,
                account=account,
                labels=labels_of(account),
            ),
        ]
    return [*found, *_plugin_tokens()]


def _plugin_tokens() -> list[dict[str, Any]]:
    """calico-node keeps a token of the CNI plugin's account on the host, and renews it."""
    name = f"{NODE}-{CNI_PLUGIN}"
    rule = {**_rule(("", "serviceaccounts/token", "create")), "resourceNames": [CNI_PLUGIN]}
    return [
        calico_object(f"{RBAC}/v1", "Role", name, rules=[rule]),
        binding("RoleBinding", name, "Role", name, account=NODE, labels=labels_of(NODE)),
    ]


def _rule(rule: tuple[str, str, str]) -> dict[str, Any]:
    group, resources, verbs = rule
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}
