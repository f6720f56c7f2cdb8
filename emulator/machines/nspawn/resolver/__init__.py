"""The VPC's name server, as AWS runs one at the second address of every VPC.

`answers` says what a name means in a VPC, `cache` keeps that for its time to
live, `server` speaks DNS. Nothing is asked of any other server: what neither
the VPC nor its private zones know does not exist.
https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
"""

from emulator.machines.nspawn.resolver.answers import Answers
from emulator.machines.nspawn.resolver.cache import Cache
from emulator.machines.nspawn.resolver.server import NameServer

__all__ = ["Answers", "Cache", "NameServer"]
