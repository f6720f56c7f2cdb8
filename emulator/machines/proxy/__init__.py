"""TCP proxies between network namespaces, in a process of their own: load balancers, and the way to the API.

The process is told the complete wanted state (`routes`) as one JSON line on
its standard input whenever that changes, and ends when the input does. So it
never outlives whoever started it.
"""

from emulator.machines.proxy.process import Proxy
from emulator.machines.proxy.routes import Backend, Endpoint, Route

__all__ = ["Backend", "Endpoint", "Proxy", "Route"]
