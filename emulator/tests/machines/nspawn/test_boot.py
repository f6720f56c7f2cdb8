"""Boots of real machines: what user-data finds, and what stays over reboots."""

import subprocess
import time

import pytest

from emulator.machines.nspawn.layout import StateFolder
from emulator.tests.machines.nspawn.conftest import Bench
from emulator.tests.machines.nspawn.host import traces
from emulator.tests.machines.nspawn.stand_ins import node

USER_DATA = b"""#!/bin/bash
imds=http://169.254.169.254/latest
token=$(curl -sf -X PUT $imds/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')
get() { curl -sf -H "X-aws-ec2-metadata-token: $token" "$imds/$1"; }
echo "I am $(get meta-data/instance-id) in $(get meta-data/placement/availability-zone)"
echo "without token: $(curl -s -o /dev/null -w '%{http_code}' $imds/meta-data/instance-id)"
echo "role $(get meta-data/iam/security-credentials/)"
echo run >> /root/runs
"""


BOOT_ID = "cat /proc/sys/kernel/random/boot_id"


def test_user_data_runs_and_finds_its_instance(bench: Bench) -> None:
    """cloud-init runs the script, which learns of this instance by IMDSv2, and nothing without a token."""
    one = bench.launch(node(7, user_data=USER_DATA))
    output = bench.console(one)
    assert f"I am {one} in us-east-1b" in output
    assert "without token: 401" in output
    assert "role node-role" in output


def test_the_network_is_that_of_the_subnet(bench: Bench) -> None:
    """Address, prefix, router, name server and host name are what EC2 gives, and no way leads out."""
    one = bench.launch(node(7))
    assert "inet 10.0.32.7/20" in bench.sh(one, "ip address show ens5")
    assert bench.sh(one, "ip route show default").strip() == "default via 10.0.32.1 dev ens5"
    assert "nameserver 10.0.0.2" in bench.sh(one, "cat /etc/resolv.conf")
    assert bench.sh(one, "hostname --fqdn") == "ip-10-0-32-7.ec2.internal"
    assert "Network is unreachable" in bench.sh(one, "exec 3<>/dev/tcp/192.0.2.1/80")
    assert bench.sh(one, "getent hosts example.com || echo none") == "none"


def test_machines_of_two_subnets_reach_each_other(bench: Bench) -> None:
    """The VPC routes between its zones; a machine sees its neighbour's own address."""
    here, there = bench.launch(node(7)), bench.launch(node(8, zone="us-east-1a"))
    bench.machines.run(there, ["systemd-run", "-q", "python3", "-m", "http.server", "8000", "-d", "/etc"])
    bench.until(lambda: ":8000" in bench.sh(there, "ss -ltn"), "no server")
    assert bench.sh(here, "curl -sf http://10.0.16.8:8000/hostname") == "ip-10-0-16-8"
    assert "10.0.32.7" in bench.sh(there, "journalctl -o cat --grep 'GET /hostname'")


def test_a_reboot_keeps_disk_and_address_and_runs_no_user_data(bench: Bench) -> None:
    """By API and by the guest itself: same files, same address, another boot, user-data only once."""
    one = bench.launch(node(7, user_data=USER_DATA))
    for reboot in (
        lambda: bench.machines.reboot(one),
        lambda: bench.machines.run(one, ["systemctl", "reboot", "--no-block"]),
    ):
        known = {"", bench.sh(one, BOOT_ID)}
        reboot()
        while _try(bench, one, BOOT_ID) in known:
            time.sleep(0.05)
        bench.booted(one)
        assert bench.sh(one, "cat /root/runs") == "run"
        assert "inet 10.0.32.7/20" in bench.sh(one, "ip address show ens5")


def test_a_guest_that_powers_off_is_reported(bench: Bench) -> None:
    """EC2 is notified, and can start the machine again."""
    one = bench.launch(node(7))
    bench.machines.run(one, ["systemctl", "poweroff", "--no-block"])
    bench.until(lambda: bench.off == [one], "nothing was reported")
    with pytest.raises(LookupError, match="not running"):
        bench.sh(one, "true")
    bench.machines.start(one)
    bench.booted(one)


def test_stop_is_graceful(bench: Bench) -> None:
    """A service's stop command runs before the machine is off; what it wrote is there at the next start."""
    one = bench.launch(node(7))
    bench.sh(
        one, "systemd-run -q --unit=last -p ExecStop='/bin/sh -c \"sleep 1; echo bye > /root/bye\"' sleep 600"
    )
    bench.machines.stop(one)
    bench.machines.start(one)
    bench.booted(one)
    assert bench.sh(one, "cat /root/bye") == "bye"


def test_terminate_removes_all_but_the_console(bench: Bench) -> None:
    """No mount, link, cgroup or process of the machine stays; its last output can still be read."""
    one = bench.launch(node(7, user_data=b"#!/bin/sh\necho last words\n"))
    bench.machines.terminate(one)
    assert set(traces(bench.state_dir)) <= {"namespaces"}, "the VPC's own namespace may stay"
    assert one not in str(traces(bench.state_dir))
    assert not StateFolder(bench.state_dir).machine(one).path.exists()
    assert "last words" in bench.console(one)


def test_a_failed_launch_leaves_nothing(bench: Bench) -> None:
    """A second instance with an id that exists is refused, and the first one keeps running."""
    one = bench.launch(node(7))
    with pytest.raises(Exception, match="File exists"):
        bench.machines.launch(node(7))
    assert bench.sh(one, "hostname") == "ip-10-0-32-7"


def test_a_frozen_machine_does_nothing_until_it_thaws(bench: Bench) -> None:
    """Its printed lines stop, and continue afterwards."""
    one = bench.launch(node(7))
    bench.sh(one, "systemd-run -q sh -c 'while echo tick; do sleep 0.05; done >> /root/ticks'")
    ticks = StateFolder(bench.state_dir).machine(one).upper / "root/ticks"
    bench.until(lambda: ticks.exists() and ticks.stat().st_size > 20, "no ticks")
    bench.machines.faults.freeze(one)
    size = ticks.stat().st_size
    time.sleep(0.5)
    assert ticks.stat().st_size == size
    bench.machines.faults.thaw(one)
    bench.until(lambda: ticks.stat().st_size > size, "no ticks after the thaw")


def test_a_partitioned_machine_is_unreachable_until_it_is_reconnected(bench: Bench) -> None:
    """Neither neighbours nor metadata reach it, its interface keeps its address, and it comes back."""
    one, other = bench.launch(node(7)), bench.launch(node(8))
    ping = "ping -q -c 1 -W 1 10.0.32.8 > /dev/null && echo reachable || echo unreachable"
    assert bench.sh(one, ping) == "reachable"
    bench.machines.faults.partition(other)
    assert bench.sh(one, ping) == "unreachable"
    assert bench.sh(other, "curl -s -m 1 http://169.254.169.254/ || echo unreachable") == "unreachable"
    assert "10.0.32.8/20" in bench.sh(other, "ip -o -4 address show ens5")
    assert bench.checks == [False], "EC2's status check finds it"
    bench.machines.faults.reconnect(other)
    bench.until(lambda: bench.sh(one, ping) == "reachable", "still unreachable", seconds=10)


def _try(bench: Bench, instance_id: str, script: str) -> str:
    """What a script prints; nothing of a machine that is off, or going down."""
    try:
        done = bench.machines.run(instance_id, ["/bin/sh", "-c", script], timeout_seconds=5)
    except (LookupError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode().strip()
