"""The kinds of findings, in one table: docs/operations/findings.md is generated from it."""

from kubequorum_cli.validate.finding import Kind, Severity

_PAGES = "docs/operations"


def _error(id_: str, meaning: str, remedy: str) -> Kind:
    return Kind(id=id_, severity=Severity.ERROR, meaning=meaning, remedy=remedy)


def _warning(id_: str, meaning: str, remedy: str) -> Kind:
    return Kind(id=id_, severity=Severity.WARNING, meaning=meaning, remedy=remedy)


def _page(name: str) -> str:
    return f"{_PAGES}/{name}"


_ENDS_BY_ITSELF = "./kubequorum events"
_DEPLOY = _page("failed-deploy.md")
_MASTER = _page("master-down.md")
_WORKER = _page("worker.md")
_VOLUME = _page("volume.md")
_API = _page("api-down.md")
_STUCK = _page("stuck.md")
_INSTANCE = f"{_MASTER}; of a worker {_WORKER}"
_UNWELL = _page("unwell-master.md")
_CERTIFICATES = _page("certificates.md")
_CLOCK = _page("clock.md")
_BACKUPS = _page("backups.md")
_ADDONS = _page("addons.md")
_LOOKING = _page("looking.md")

UNREADABLE = _error("unreadable", "a part of the cluster could not be read, so it was not checked", _LOOKING)

STACK_MISSING = _error(
    "stack-missing", "a stack without which there is no cluster is not deployed", _page("deploy.md")
)
STACK_FAILED = _error("stack-failed", "a stack failed, or its creation was rolled back", _DEPLOY)
STACK_ROLLED_BACK = _warning(
    "stack-rolled-back", "the last update was rolled back: what was before is in force", _DEPLOY
)
STACK_IN_PROGRESS = _warning("stack-in-progress", "CloudFormation is at work on a stack", _ENDS_BY_ITSELF)

GROUP_SHORT = _error("group-short", "a worker group has too few instances, and none is on its way", _WORKER)
GROUP_IN_PROGRESS = _warning(
    "group-in-progress", "a worker group has not yet as many instances as desired", _ENDS_BY_ITSELF
)
GROUP_SUSPENDED = _warning(
    "group-suspended",
    "a process of a group is suspended that replaces instances",
    "aws autoscaling resume-processes --auto-scaling-group-name {id}",
)

INSTANCE_UNHEALTHY = _error(
    "instance-unhealthy", "a group regards an instance as unhealthy: it replaces it", _INSTANCE
)
INSTANCE_NOT_RUNNING = _error("instance-not-running", "an instance in service does not run", _INSTANCE)
INSTANCE_IMPAIRED = _error("instance-impaired", "status checks of EC2 fail", _INSTANCE)
INSTANCE_SCHEDULED = _warning(
    "instance-scheduled",
    "EC2 has scheduled a reboot or the end of an instance",
    _page("worker.md#ec2-has-scheduled-something"),
)
INSTANCE_IN_PROGRESS = _warning("instance-in-progress", "an instance comes or goes", _ENDS_BY_ITSELF)
HOOK_WAITS_LONG = _warning(
    "hook-waits-long",
    "an instance waits longer in a lifecycle hook than a boot or a termination takes",
    _page("stuck.md#an-instance-in-a-lifecycle-hook"),
)

SLOT_WITHOUT_MASTER = _error(
    "slot-without-master", "a slot has no master in service, and no deployment replaces it", _MASTER
)
SLOT_IN_PROGRESS = _warning(
    "slot-in-progress", "a deployment makes or replaces the master of a slot", _ENDS_BY_ITSELF
)
SLOT_CROWDED = _error("slot-crowded", "a slot has more than one master in service", _MASTER)
NO_QUORUM = _error(
    "no-quorum", "fewer than a majority of the slots have a master in service", _page("quorum-loss.md")
)
RECORD_MISSING = _error(
    "record-missing", "a slot has a master in service and no record in the state bucket", _VOLUME
)
RECORD_OF_ANOTHER = _error(
    "record-of-another", "a slot's record names another instance than the one in service", _STUCK
)
MASTER_UNWELL = _error(
    "master-unwell", "the watchdog of a master reports that something is wrong with it", _UNWELL
)
MASTER_BOOT_FAILED = _error("master-boot-failed", "the last boot in a slot failed", _DEPLOY)
MASTER_JOINING = _warning(
    "master-joining", "the etcd member of a slot is not yet a full one", _ENDS_BY_ITSELF
)
MASTER_BOOTING = _warning(
    "master-booting", "a master in service has not yet ended its boot, or shuts down", _ENDS_BY_ITSELF
)

VOLUME_MISSING = _error("volume-missing", "a slot's volume does not exist", _VOLUME)
VOLUME_FAILED = _error("volume-failed", "EC2 reports an error of a slot's volume", _VOLUME)
VOLUME_DETACHED = _error("volume-detached", "a slot's volume is not attached to its master", _VOLUME)
VOLUME_ELSEWHERE = _error(
    "volume-elsewhere", "a slot's volume is attached to an instance of no slot", _MASTER
)

BALANCER_NOT_ACTIVE = _error("load-balancer-not-active", "a load balancer of the API is not active", _API)
TARGET_MISSING = _error("target-missing", "a master in service is no target of a load balancer", _API)
TARGET_UNHEALTHY = _error(
    "target-unhealthy", "the load balancer does not regard a master in service as healthy", _API
)
TARGET_IN_PROGRESS = _warning("target-in-progress", "a target comes or goes", _ENDS_BY_ITSELF)
TARGET_FOREIGN = _error("target-foreign", "a target of the API's load balancer is no master", _API)

NAME_MISSING = _error(
    "name-missing", "a DNS record of a slot or of the API does not exist", _page("stuck.md#a-name-is-wrong")
)
NAME_WRONG = _error("name-wrong", "a DNS record leads elsewhere", _page("stuck.md#a-name-is-wrong"))

API_UNREACHABLE = _error(
    "api-unreachable", "the Kubernetes API does not answer, or answers nobody who has these credentials", _API
)
API_IN_PROGRESS = _warning(
    "api-in-progress",
    "the Kubernetes API does not answer yet: the control plane is being created",
    _ENDS_BY_ITSELF,
)
API_NOT_READY = _error("api-not-ready", "an API server answers, and is not ready", _API)

NODE_MISSING = _error("node-missing", "an instance in service is no node", _INSTANCE)
NODE_NOT_READY = _error("node-not-ready", "the node of an instance in service is not Ready", _INSTANCE)
NODE_IN_PROGRESS = _warning(
    "node-in-progress",
    "an instance in service is no Ready node yet: the control plane is being created",
    _ENDS_BY_ITSELF,
)
NODE_WITHOUT_INSTANCE = _warning(
    "node-without-instance", "a node is no instance of the cluster", _page("stuck.md#stale-node-objects")
)
KUBELET_UNSUPPORTED = _error(
    "kubelet-unsupported",
    "a kubelet is newer than all masters, or more than three minor versions older",
    _page("deploy.md"),
)
KUBELET_DIFFERS = _warning(
    "kubelet-differs", "a kubelet has another version than the newest master", _page("deploy.md")
)

CONTROL_PLANE_POD = _error(
    "control-plane-pod-not-ready",
    "a master in service lacks a part of the control plane, or it is not ready",
    _UNWELL,
)
SYSTEM_POD = _warning(
    "system-pod-not-ready",
    "another pod in kube-system is not ready",
    "kubectl -n kube-system describe pod {id}",
)

CERTIFICATE_EXPIRED = _error("certificate-expired", "a certificate has expired", _CERTIFICATES)
CERTIFICATE_EXPIRING = _warning(
    "certificate-expiring", "a certificate was not renewed when it should have been", _CERTIFICATES
)

OWN_CLOCK = _warning("own-clock-differs", "the clock of this computer differs from AWS's", _CLOCK)
API_CLOCK = _error("api-clock-differs", "the clock of a master differs from AWS's", _CLOCK)

BACKUP_MISSING = _error("backup-missing", "there is no backup of etcd", _BACKUPS)
BACKUP_IN_PROGRESS = _warning(
    "backup-in-progress", "there is no backup yet: the control plane is new", _ENDS_BY_ITSELF
)
BACKUP_LATE = _error("backup-late", "nothing was backed up for five minutes", _BACKUPS)
FULL_SNAPSHOT_LATE = _warning(
    "full-snapshot-late", "there was no full snapshot for fifteen minutes", _BACKUPS
)
DRILL_FAILED = _error("drill-failed", "the last restore drill failed", _BACKUPS)
DRILL_LATE = _warning("drill-late", "there was no restore drill for two days", _BACKUPS)

ADDON_FAILED = _error("addon-failed", "an addon could not be applied", _ADDONS)
ADDON_SLOW = _error("addon-slow", "an addon has not become ready for five minutes", _ADDONS)
ADDON_IN_PROGRESS = _warning("addon-in-progress", "an addon is being applied or removed", _ENDS_BY_ITSELF)

KINDS = tuple(value for value in list(globals().values()) if isinstance(value, Kind))
"""All of them, in the order of this table."""
