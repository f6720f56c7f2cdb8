"""This host with everything that its steps need; its identity is queried when first used."""

from functools import cached_property

from kubequorum_node.aws import identity
from kubequorum_node.aws.clients import Aws
from kubequorum_node.aws.ending import Endings
from kubequorum_node.aws.identity import Identity
from kubequorum_node.aws.imds import Metadata
from kubequorum_node.aws.lifecycle import Lifecycle
from kubequorum_node.aws.state_store import StateStore
from kubequorum_node.clock import Clock
from kubequorum_node.config import NodeConfig
from kubequorum_node.document import ClusterDocument, EtcdSpec, SecuritySpec
from kubequorum_node.errors import NodeError
from kubequorum_node.host import Host
from kubequorum_node.runtime.base import ContainerRuntime
from kubequorum_node.runtime.containerd import Containerd
from kubequorum_node.supervision import systemctl
from kubequorum_node.supervision.supervisor import Supervisor

WORK_FOLDER = "/etc/kubernetes/kubequorum"
"""Files that the node program writes for kubeadm and for itself; private, and lost with the instance."""


class Node:
    """A host of the cluster."""

    def __init__(
        self,
        config: NodeConfig,
        document: ClusterDocument,
        *,
        host: Host,
        supervisor: Supervisor,
        aws: Aws | None = None,
        metadata: Metadata | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.config = config
        self.document = document
        self.host = host
        self.supervisor = supervisor
        self.clock = clock or Clock()
        self.runtime: ContainerRuntime = Containerd(self.host, self.clock)
        self.aws = aws or Aws(document.region, clock=self.clock)
        self.metadata = metadata or Metadata(clock=self.clock)
        self.endings = Endings(self.metadata, self.clock, may_be_spot=not self.is_master)
        self.store = StateStore(self.aws, config.bucket, clock=self.clock)
        self.lifecycle = Lifecycle(
            config,
            document,
            aws=self.aws,
            metadata=self.metadata,
            clock=self.clock,
            power_off=lambda: systemctl.power_off(self.host),
        )

    @cached_property
    def identity(self) -> Identity:
        """Identity of this instance; a master outside its zone is refused."""
        found = identity.find(self.metadata)
        identity.check_zone(found, self.config, self.document)
        return found

    @property
    def is_master(self) -> bool:
        """Whether this host is a master."""
        return self.config.slot is not None

    @property
    def slot(self) -> str:
        """The master's slot.

        Raises:
            NodeError: this host is a worker.

        """
        if self.config.slot is None:
            raise NodeError(f"this host is {self.config.role}: the step is for masters only")
        return self.config.slot

    @property
    def etcd_spec(self) -> EtcdSpec:
        """The specification of etcd.

        Raises:
            NodeError: this host is a worker.

        """
        if self.document.etcd is None:
            raise NodeError(f"this host is {self.config.role}: the step is for masters only")
        return self.document.etcd

    @property
    def security_spec(self) -> SecuritySpec:
        """What the API server admits, encrypts and accepts.

        Raises:
            NodeError: this host is a worker.

        """
        if self.document.security is None:
            raise NodeError(f"this host is {self.config.role}: the step is for masters only")
        return self.document.security
