"""Whether a kubelet gets the certificate that it asks for: pure functions.

Client certificates: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/
Signers and what they sign: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Self

from kubequorum_node.approver import signing_request
from kubequorum_node.approver.instances import Instance
from kubequorum_node.approver.signing_request import RequestError, SigningRequest
from kubequorum_node.kubernetes.identity_proof import hash_of

CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client-kubelet"
SERVING_SIGNER = "kubernetes.io/kubelet-serving"
BOOTSTRAPPERS = "system:bootstrappers:kubeadm:default-node-token"
"""Group of the tokens that workers join with."""
LONGEST_WAIT_SECONDS = 60.0
"""How old a request may become for which EC2 or the proof is late: then it is denied."""
_NODES = "system:nodes"
_USER = "system:node:"
_INSTANCE_ID = re.compile(r"i-[0-9a-f]{8,17}")
_USAGES = {CLIENT_SIGNER: "client auth", SERVING_SIGNER: "server auth"}
_USAGES_OF_KEYS = frozenset({"digital signature", "key encipherment"})
_NOT_YET_STATES = frozenset({"", "pending"})


class Decision(Enum):
    """What becomes of a request."""

    APPROVE = "Approved"
    DENY = "Denied"
    WAIT = "not yet"


@dataclass(frozen=True)
class Verdict:
    """A decision and its reason."""

    decision: Decision
    reason: str
    """One word in CamelCase."""
    message: str


@dataclass(frozen=True, kw_only=True)
class Request:
    """A CertificateSigningRequest object."""

    name: str
    signer: str
    username: str
    groups: frozenset[str]
    usages: frozenset[str]
    content: SigningRequest | None
    """What is asked for; None if it cannot be read."""
    problem: str
    """Why it cannot be read."""
    age_seconds: float

    @classmethod
    def of(cls, item: Mapping[str, Any], now: datetime) -> Self:
        """Read an object as the API has it."""
        spec, metadata = item["spec"], item["metadata"]
        created = datetime.strptime(metadata["creationTimestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        content, problem = _content(spec["request"])
        return cls(
            name=metadata["name"],
            signer=spec["signerName"],
            username=spec.get("username", ""),
            groups=frozenset(spec.get("groups", [])),
            usages=frozenset(spec.get("usages", [])),
            content=content,
            problem=problem,
            age_seconds=(now - created).total_seconds(),
        )

    @property
    def instance_id(self) -> str | None:
        """The instance in whose name it asks; None if that is no instance's name."""
        if self.content is None:
            return None
        name = self.content.common_name.removeprefix(_USER)
        return name if _INSTANCE_ID.fullmatch(name) else None

    @property
    def is_first(self) -> bool:
        """Whether somebody asks who has nothing but a token."""
        return self.signer == CLIENT_SIGNER and BOOTSTRAPPERS in self.groups and _NODES not in self.groups


def is_pending(item: Mapping[str, Any]) -> bool:
    """Whether an object is a kubelet's request that nobody has decided about."""
    status = item.get("status") or {}
    return (
        item["spec"]["signerName"] in _USAGES
        and not status.get("conditions")
        and not status.get("certificate")
    )


def judge(request: Request, *, instance: Instance | None, proof: str | None, own: Instance) -> Verdict:
    """Decide about a request.

    Args:
        request: what is asked, and by whom.
        instance: the instance in whose name it is asked, as EC2 knows it; None if it does not.
        proof: the hash of the key that this instance has published; None if it has not, or need not.
        own: the master that decides: its cluster and its VPC are those that count.

    """
    content = request.content
    if content is None:
        return _deny("NotAKubeletsRequest", request.problem)
    verdict = _of_request(request, content) or _of_instance(request, instance, own)
    if verdict is None and instance is not None:
        verdict = _of_names(request, content, instance) or _of_proof(request, content, proof)
    if verdict is None:
        how = "its key is the one that the instance has proved" if request.is_first else "it asks itself"
        return Verdict(
            Decision.APPROVE,
            "InstanceVerified",
            f"{request.instance_id} is running in this cluster, and {how}",
        )
    if verdict.decision is Decision.WAIT and request.age_seconds > LONGEST_WAIT_SECONDS:
        return Verdict(Decision.DENY, verdict.reason, f"{verdict.message}, {request.age_seconds:.0f} s later")
    return verdict


def _of_request(request: Request, content: SigningRequest) -> Verdict | None:
    """What is wrong with the request itself."""
    if (
        request.instance_id is None
        or content.organization != _NODES
        or not content.common_name.startswith(_USER)
    ):
        return _deny(
            "WrongSubject", f"{content.common_name!r} of {content.organization!r} is no instance's node"
        )
    if not request.is_first and (request.username != content.common_name or _NODES not in request.groups):
        return _deny("WrongRequestor", f"{request.username} asks for a certificate of {content.common_name}")
    needed = _USAGES[request.signer]
    if needed not in request.usages or not request.usages <= _USAGES_OF_KEYS | {needed}:
        return _deny("WrongUsages", f"usages {', '.join(sorted(request.usages))}, for {needed}")
    return None


def _of_instance(request: Request, instance: Instance | None, own: Instance) -> Verdict | None:
    """What is wrong with the instance."""
    if instance is None or instance.state in _NOT_YET_STATES:
        return _wait("InstanceUnknown", f"EC2 knows no running instance {request.instance_id} yet")
    if instance.state != "running":
        return _deny("InstanceNotRunning", f"{instance.instance_id} is {instance.state}")
    if not own.cluster or instance.cluster != own.cluster or instance.vpc != own.vpc:
        return _deny("ForeignInstance", f"{instance.instance_id} is no instance of cluster {own.cluster}")
    if request.is_first and not instance.worker_group:
        return _deny("NotAWorker", f"{instance.instance_id} is no worker: tokens are for workers only")
    if not (instance.worker_group or instance.slot):
        return _deny("NotANode", f"{instance.instance_id} is neither a master nor a worker")
    return None


def _of_names(request: Request, content: SigningRequest, instance: Instance) -> Verdict | None:
    """What is wrong with the alternative names: a client has none, a server its own only."""
    names = {name.lower() for name in content.dns_names}
    addresses = set(content.addresses)
    if request.signer == CLIENT_SIGNER:
        if names or addresses:
            return _deny("WrongNames", "a client's certificate has no alternative names")
        return None
    if not (names or addresses):
        return _deny("WrongNames", "a server's certificate without names is for nobody")
    foreign = sorted((names - instance.names) | (addresses - instance.addresses))
    return _deny("WrongNames", f"{', '.join(foreign)}: not of {instance.instance_id}") if foreign else None


def _of_proof(request: Request, content: SigningRequest, proof: str | None) -> Verdict | None:
    """What is wrong with the proof; only a first request needs one: later the certificate is the proof."""
    if not request.is_first or proof == hash_of(content.public_key):
        return None
    if proof is None:
        return _wait("NoProof", f"{request.instance_id} has not proved that it asks")
    return _wait("WrongProof", f"{request.instance_id} has proved another key than this request's")


def _content(request: str) -> tuple[SigningRequest | None, str]:
    try:
        return signing_request.read(base64.b64decode(request).decode("ascii")), ""
    except (RequestError, UnicodeDecodeError, binascii.Error) as error:
        return None, str(error)


def _deny(reason: str, message: str) -> Verdict:
    return Verdict(Decision.DENY, reason, message)


def _wait(reason: str, message: str) -> Verdict:
    return Verdict(Decision.WAIT, reason, message)
