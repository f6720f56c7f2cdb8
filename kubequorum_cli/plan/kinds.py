"""What a plan may find, in one table: docs/operations/plan.md names each."""

from kubequorum_cli.plan.figures import DRAIN_LIMIT_MINUTES
from kubequorum_cli.validate import Kind, Severity

_DEPLOY = "docs/operations/deploy.md"
_ALLOW = "if it is meant: --allow {kind}"


def _refusal(id_: str, meaning: str, remedy: str) -> Kind:
    allow = _ALLOW.format(kind=id_)
    return Kind(id=id_, severity=Severity.ERROR, meaning=meaning, remedy=f"{remedy}; {allow}")


def _warning(id_: str, meaning: str, remedy: str) -> Kind:
    return Kind(id=id_, severity=Severity.WARNING, meaning=meaning, remedy=remedy)


STATE_LOST = _refusal(
    "state-lost",
    "a resource that holds data would be replaced, or leave its stack: the cluster would begin without it",
    f"leave what it depends on as it is: {_DEPLOY}",
)
SLOT_REMOVED = _refusal(
    "slot-removed",
    "a master's slot would be removed, or its group replaced: etcd loses a member",
    "leave `zones` and `name` as they are: the number of masters, their zones and slots are fixed",
)
NETWORK_REPLACED = _refusal(
    "network-replaced",
    "a resource would be replaced or removed whose id another stack imports: CloudFormation refuses that, or "
    "the cluster loses its network",
    f"leave ranges, zones and constructs of the network as they are: {_DEPLOY}",
)
SETTING_FIXED = _refusal(
    "setting-fixed",
    "a setting has changed that a living cluster cannot change: the first new master refuses it",
    "put the former value back, or make a new cluster",
)
KUBERNETES_DOWNGRADE = _refusal(
    "kubernetes-downgrade",
    "Kubernetes would go back to an earlier minor version: what the newer one has stored may not be readable",
    "raise kubernetes.version, or restore a backup into a new cluster",
)
MINOR_SKIPPED = _refusal(
    "minor-skipped",
    "a minor version of Kubernetes would be skipped: API servers may differ by one only",
    "deploy each minor version: https://kubernetes.io/releases/version-skew-policy/",
)
EMULATION_AGAIN = _refusal(
    "emulation-again",
    "the control plane would behave like the minor version before, after it has behaved like its own: what "
    "it has stored since may not be readable, and there would only seem to be a way back",
    "remove kubernetes.emulated_version",
)
UPDATE_UNFINISHED = _refusal(
    "update-unfinished",
    "Kubernetes would change its minor version while it still behaves like the one before: one is skipped",
    "end the last update first, without kubernetes.emulated_version: docs/operations/update.md",
)
EMULATION_ENDS = _warning(
    "emulation-ends",
    "the control plane would stop behaving as the minor version before: then there is no way back to that",
    "let it run long enough as it is, a day or more: docs/operations/update.md",
)
NO_WAY_BACK = _warning(
    "no-way-back",
    "Kubernetes would change its minor version in one step: a deploy that succeeds cannot be taken back",
    "in two steps, with kubernetes.emulated_version first: docs/operations/update.md",
)
ETCD_DOWNGRADE = _refusal(
    "etcd-downgrade",
    "etcd would go back to an earlier minor version",
    "deploy a release with the present etcd: https://etcd.io/docs/v3.6/downgrades/",
)
TWO_MINORS = _refusal(
    "two-minors",
    "etcd's minor version and that of Kubernetes would change at once, or etcd would skip one: no step of it "
    "could be undone alone",
    "deploy one of them first",
)
MASTERS_UNWELL = _refusal(
    "masters-unwell",
    "masters would be replaced while one of them is away or not well: the quorum would depend on each",
    "./kubequorum validate",
)
BUSY = _refusal("master-moving", "a master comes or goes at the moment", "./kubequorum events")

DRAIN_BLOCKED = _warning(
    "drain-blocked",
    "a PodDisruptionBudget allows no eviction now: a drain waits for it, for "
    f"{DRAIN_LIMIT_MINUTES} minutes at most, then the pods end with the instance",
    "more replicas, or a budget that allows one to be away",
)
BARE_POD = _warning(
    "bare-pod", "a pod without a controller is evicted, and nothing makes it again", "recreate it afterwards"
)
LOCAL_STORAGE = _warning(
    "local-storage", "a pod keeps data on its node, which are gone with the instance", "copy what is needed"
)
DEPRECATED_API = _warning(
    "deprecated-api",
    "clients use an API that a later version of Kubernetes does not serve",
    "https://kubernetes.io/docs/reference/using-api/deprecation-guide/",
)
BACKUP_STALE = _warning(
    "backup-stale",
    "there is no fresh backup of etcd",
    "./kubequorum backup; docs/operations/backups.md",
)
STACK_LEFT = _warning(
    "stack-left",
    "a stack is deployed that the app no longer has: a deployment leaves it as it is",
    "if it is to go: aws cloudformation delete-stack --stack-name {id}",
)
NOT_WELL = _warning(
    "not-well", "something is wrong with the cluster before anything changes", "./kubequorum validate"
)
UNKNOWN = _warning(
    "unknown", "a part could not be read, so the plan says nothing about it", "docs/operations/looking.md"
)

KINDS = tuple(value for value in list(vars().values()) if isinstance(value, Kind))
"""All of them, in the order in which they are here."""
REFUSALS = tuple(kind.id for kind in KINDS if kind.severity is Severity.ERROR)
"""What `--allow` takes."""
