"""The instance metadata service (IMDS), as an EC2 instance sees it.

`tokens` issues and checks IMDSv2 session tokens, `document` says which paths
exist and what they hold, `server` speaks HTTP. A server asks a resolver which
instance a client is: with a port for each instance the answer is always the
same, with one listener for many it depends on the client's address.
"""

from emulator.machines.imds.document import InstanceMetadata
from emulator.machines.imds.server import ImdsServer, Resolver

__all__ = ["ImdsServer", "InstanceMetadata", "Resolver"]
