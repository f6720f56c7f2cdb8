"""Faults of machines that boot, through the channel: who reaches whom, what is lost, what continues."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import pytest

from emulator.faults import FaultClient, TimedOutError, UnknownTargetError
from emulator.machines.nspawn import MachineImage
from emulator.tests.machines.nspawn.emulated import ZONES, Aws, running
from emulator.tests.machines.nspawn.host import traces

WEB = "#!/bin/sh\nmkdir -p /srv && systemd-run --unit=web python3 -m http.server 8000 --directory /srv\n"
IMDS = (
    "curl -s -m 3 -o /dev/null -w '%{http_code}' -X PUT http://169.254.169.254/latest/api/token "
    "-H 'X-aws-ec2-metadata-token-ttl-seconds: 60'"
)
API = "curl -s -m 3 -o /dev/null -w '%{http_code}' http://169.254.200.1/_ministack/health"


@pytest.fixture(scope="module")
def aws(image: MachineImage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """An emulator that leaves nothing after a graceful shutdown."""
    with running(tmp_path_factory.mktemp("aws") / ("long" * 25), image) as made:
        yield made
    assert traces(made.state_dir) == {}


@pytest.fixture(scope="module")
def trio(aws: Aws) -> tuple[str, str, str]:
    """Two machines in one zone, and one in another, each with a web server."""
    made = tuple(aws.launch(WEB, zone=zone) for zone in (ZONES[0], ZONES[0], ZONES[1]))
    for name in made:
        aws.until(partial(_fetch, aws, name, name), lambda: "the web server does not answer")
    return made[0], made[1], made[2]


def _fetch(aws: Aws, one: str, other: str) -> bool:
    """Whether one machine reaches another's web server; not while there is one of them only."""
    with suppress(UnknownTargetError):
        command = ["curl", "-sf", "-m", "2", "-o", "/dev/null", f"http://{_address(aws, other)}:8000/"]
        return aws.faults.run(one, command).status == 0
    return False


def _address(aws: Aws, name: str) -> str:
    for machine in aws.faults.machines():
        if machine.instance_id == name:
            return machine.address
    raise UnknownTargetError(f"{name} is not launched yet")


def _reaches(aws: Aws, machines: tuple[str, ...]) -> set[tuple[int, int]]:
    """Pairs of machines, by their place, of which the first reaches the second."""
    places = range(len(machines))
    return {
        (one, other)
        for one in places
        for other in places
        if one != other and _fetch(aws, machines[one], machines[other])
    }


def test_commands_on_a_machine(faults: FaultClient, trio: tuple[str, str, str]) -> None:
    """Status, output and error output come back as bytes; a command that takes too long is killed."""
    done = faults.run(trio[0], ["sh", "-c", "cat; printf '\\377' >&2; exit 3"], stdin=b"\x00in")
    assert (done.status, done.stdout, done.stderr) == (3, b"\x00in", b"\xff")
    with pytest.raises(TimedOutError, match="within 1 s"):
        faults.run(trio[0], ["sleep", "60"], timeout_seconds=1)
    with pytest.raises(UnknownTargetError, match="i-0"):
        faults.run("i-0", ["true"])


def test_a_split_between_machines(aws: Aws, faults: FaultClient, trio: tuple[str, str, str]) -> None:
    """Machines of two groups do not reach each other, in one subnet or in two; services reach all of them."""
    everybody = {(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)}
    assert _reaches(aws, trio) == everybody
    faults.split([[trio[0]], [trio[1], trio[2]]])
    assert _reaches(aws, trio) == {(1, 2), (2, 1)}
    assert faults.networks().sides == [[trio[0]], [trio[1], trio[2]]]
    for name in trio:
        assert aws.sh(name, IMDS) == "200"
        assert aws.sh(name, API) == "200"
        assert "10.20." in aws.sh(name, "getent hosts ip-10-20-0-9.ec2.internal")
        aws.connect(_address(aws, name), 8000).close()
    faults.split([[trio[0]], [trio[2]]])
    assert _reaches(aws, trio) == everybody - {(0, 2), (2, 0)}
    faults.heal()
    assert _reaches(aws, trio) == everybody


def test_a_partitioned_zone(aws: Aws, faults: FaultClient, trio: tuple[str, str, str]) -> None:
    """Inside it everything works; it is cut off from the rest, the API and clients of its load balancer."""
    addresses = _balancer(aws, trio)
    for address in addresses.values():
        aws.connect(address, 80).close()
    faults.partition_zone(ZONES[0])
    assert _reaches(aws, trio) == {(0, 1), (1, 0)}
    assert [aws.sh(name, API) for name in trio] == ["000", "000", "200"]
    assert [aws.sh(name, IMDS) for name in trio] == ["200", "200", "200"]
    assert "10.20." in aws.sh(trio[0], "getent hosts ip-10-20-0-9.ec2.internal")
    with pytest.raises(OSError, match="timed out"):
        aws.connect(addresses[ZONES[0]], 80)
    aws.connect(addresses[ZONES[1]], 80).close()
    reached = "curl -s -m 3 -o /dev/null -w '%{http_code} ' http://"
    script = "; ".join(f"{reached}{addresses[zone]}/" for zone in ZONES)
    assert aws.sh(trio[2], script).split() == ["000", "200"]
    assert aws.sh(trio[0], script).split() == ["200", "000"]
    status = aws.client("ec2").describe_instance_status(InstanceIds=[trio[0]])["InstanceStatuses"][0]
    assert status["InstanceStatus"]["Status"] == "impaired"
    late = aws.launch(WEB, zone=ZONES[0])
    aws.until(lambda: _fetch(aws, trio[0], late), lambda: "a machine launched into the zone is not in it")
    assert not _fetch(aws, trio[2], late)
    faults.reconnect_zone(ZONES[0])
    assert len(_reaches(aws, (*trio, late))) == 12
    aws.client("ec2").terminate_instances(InstanceIds=[late])


def test_the_router_has_one_address(aws: Aws, trio: tuple[str, str, str]) -> None:
    """Machines that come and go do not change the hardware address of the router for others."""
    script = f"ping -c 1 -W 2 169.254.169.253 >/dev/null; {API} >/dev/null; ip -4 neigh show 10.20.0.1"
    before = aws.sh(trio[0], script).split()[4]
    for _ in range(4):
        name = aws.launch("")
        aws.until(partial(aws.is_on, name), lambda: "not on")
        assert aws.sh(trio[0], f"ip neigh flush all; {script}").split()[4] == before
        aws.client("ec2").terminate_instances(InstanceIds=[name])


def test_power_loss(aws: Aws, faults: FaultClient, trio: tuple[str, str, str]) -> None:
    """A machine without power is silent, and can be switched on; status checks may notice."""
    name = trio[1]
    address = _address(aws, name)
    for unnoticed, shown in ((True, "ok"), (False, "impaired")):
        faults.power_loss(name, unnoticed=unnoticed)
        assert not aws.is_on(name)
        assert not _answers(aws, address)
        (status,) = aws.client("ec2").describe_instance_status(InstanceIds=[name])["InstanceStatuses"]
        assert status["InstanceStatus"]["Status"] == shown
        faults.power_on(name)
        assert aws.is_on(name)
        aws.until(partial(_answers, aws, address), lambda: f"{name} is not reached again")
    with pytest.raises(UnknownTargetError, match="i-0"):
        faults.power_loss("i-0")


def test_a_partition_outlives_a_power_loss(aws: Aws, faults: FaultClient, trio: tuple[str, str, str]) -> None:
    """A machine that boots again is still cut off, and one that is connected while it is off stays silent."""
    name = trio[1]
    address = _address(aws, name)
    faults.partition(name)
    faults.power_loss(name)
    faults.power_on(name)
    assert aws.is_on(name)
    assert not _answers(aws, address)
    faults.power_loss(name)
    faults.reconnect(name)
    assert not _answers(aws, address)
    faults.power_on(name)
    aws.until(partial(_answers, aws, address), lambda: f"{name} is not reached again")


def _answers(aws: Aws, address: str) -> bool:
    """Whether a kernel answers; a web server that a first boot started does not come back."""
    try:
        aws.connect(address, 80).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return True


def _balancer(aws: Aws, targets: tuple[str, ...]) -> dict[str, str]:
    """A load balancer in both zones in front of the machines, healthy; its address in each zone."""
    elb = aws.client("elbv2")
    group = elb.create_target_group(
        Name="web", Protocol="TCP", Port=8000, VpcId=aws.vpc_id, HealthCheckIntervalSeconds=5
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.modify_target_group_attributes(
        TargetGroupArn=group, Attributes=[{"Key": "preserve_client_ip.enabled", "Value": "false"}]
    )
    made = elb.create_load_balancer(
        Name="web", Type="network", Scheme="internal", Subnets=list(aws.subnet_ids.values())
    )["LoadBalancers"][0]["LoadBalancerArn"]
    elb.create_listener(
        LoadBalancerArn=made,
        Protocol="TCP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": name} for name in targets])

    def healthy() -> bool:
        found = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return all(target["TargetHealth"]["State"] == "healthy" for target in found)

    aws.until(healthy, lambda: "the targets do not become healthy")
    interfaces = aws.client("ec2").describe_network_interfaces(
        Filters=[{"Name": "description", "Values": ["ELB net/web/*"]}]
    )["NetworkInterfaces"]
    addresses = {entry["AvailabilityZone"]: entry["PrivateIpAddress"] for entry in interfaces}
    aws.until(lambda: all(_connects(aws, address) for address in addresses.values()), lambda: "no listener")
    return addresses


def _connects(aws: Aws, address: str) -> bool:
    with suppress(OSError), aws.connect(address, 80) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return bool(connection.recv(1))
    return False
