"""Packets to Services' addresses on a host where kube-proxy does not translate them yet."""

import shlex

import pytest

from kubequorum_node.system import service_range
from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.deploy

_SCRIPT = """
set -e
ip link set lo up
ip link add name host0 type veth peer name beyond0
ip address add 10.9.0.1/24 dev host0
ip link set host0 up
ip link set beyond0 up
ip route add default via 10.9.0.2
# A router that takes every packet and answers none.
ip neighbour add 10.9.0.2 lladdr 02:00:00:00:00:01 dev host0

connect() {
  if said=$(timeout 3 bash -c "exec 3<>/dev/tcp/$2/443" 2>&1); then outcome=reached
  else case "$said" in *refused*) outcome=refused ;; *) outcome=silence ;; esac; fi
  echo "$1 $outcome"
}

connect without 10.96.0.1
printf '%s' "$RULES" | nft -f -
connect untranslated 10.96.0.1
connect elsewhere 10.80.0.1
nft -f - <<'END'
table ip proxy {
  chain output {
    type nat hook output priority -100
    ip daddr 10.96.0.1 dnat to 10.9.0.1
  }
}
END
python3 -c 'import socket, time; server = socket.create_server(("10.9.0.1", 443)); time.sleep(20)' &
trap "kill $!" EXIT
sleep 1
connect translated 10.96.0.1
connect another 10.96.0.2
python3 - <<'END'
import errno, socket, time
clients = [socket.socket() for _ in range(100)]
for client in clients:
    client.setblocking(False)
    client.connect_ex(("10.96.0.3", 443))
# A refusal comes at once; an unanswered request is repeated after a second.
time.sleep(0.5)
errors = [client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) for client in clients]
print("flood", "some" if 0 < errors.count(errno.ECONNREFUSED) < 50 else errors)
END
"""
"""Run in a network namespace with a default route, as a new master has it, and no kube-proxy."""


def test_only_untranslated_packets_are_refused(cluster: Deployment) -> None:
    """At once, where nothing answered before, and not all of many; a translated Service is reached."""
    rules = shlex.quote(service_range.rules("10.96.0.0/12"))
    script = f"RULES={rules} unshare --net bash -c {shlex.quote(_SCRIPT)}"
    seen = dict(line.split() for line in cluster.sh(cluster.master("a"), script).split("\n") if line)
    assert seen == {
        "without": "silence",
        "untranslated": "refused",
        "elsewhere": "silence",
        "translated": "reached",
        "another": "refused",
        "flood": "some",
    }
    loaded = cluster.sh(cluster.master("a"), "nft list table ip kubequorum-services")
    assert loaded.count("reject with tcp reset") == 2
