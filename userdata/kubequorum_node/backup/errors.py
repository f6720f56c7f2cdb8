"""What can be wrong with a backup."""

from kubequorum_node.errors import NodeError


class BackupError(NodeError):
    """A backup cannot be made, read or rebuilt."""


class ObjectExistsError(BackupError):
    """An object of that name is in the bucket already; objects of a chain are written once."""


class DamagedError(BackupError):
    """An object of the chain is not what its sums and counts say."""


class HoleError(BackupError):
    """Changes are missing between two revisions."""


class CompactedError(BackupError):
    """etcd no longer has the changes that were asked for."""


class EtcdRefusedError(BackupError):
    """etcd answers a request with an error."""


class EtcdUnavailableError(BackupError):
    """etcd does not answer, or cannot serve now; the same request may succeed later."""


class DivergedError(BackupError):
    """The chain in the bucket is of another history than etcd's."""
