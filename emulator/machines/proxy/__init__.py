"""TCP proxy between network namespaces, in a process of its own: load balancers, and the route to the API.

Its owner writes the complete desired state (`routes`) as one line of JSON to its
standard input on every change. The process exits when that input is closed, so it
never outlives its owner. HAProxy and nginx would turn a reset by a target into a normal close.
"""

from emulator.machines.proxy.process import Proxy
from emulator.machines.proxy.routes import Backend, Endpoint, Route

__all__ = ["Backend", "Endpoint", "Proxy", "Route"]
