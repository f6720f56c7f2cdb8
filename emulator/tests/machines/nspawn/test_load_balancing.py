"""A load balancer in front of machines that boot, used from inside the VPC."""

import http.client
import json
import ssl

from emulator.tests.machines.nspawn.emulated import Aws

SERVER = """#!/bin/bash
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=none -keyout /root/key -out /root/crt 2>/dev/null
cat > /root/server.py <<'END'
import http.server, socket, ssl
status = 200
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        global status
        if self.path.startswith("/become/"):
            status = int(self.path.rpartition("/")[2])
        code = status if self.path == "/readyz" else 200
        body = (socket.gethostname() + " " + self.client_address[0]).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/root/crt", "/root/key")
server = http.server.ThreadingHTTPServer(("", 6443), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
END
systemd-run --unit=server python3 /root/server.py
"""


def test_a_load_balancer_sends_connections_to_healthy_targets_only(aws: Aws) -> None:
    """Targets get connections when their server runs, not while it says 503, and not when they drain."""
    elb = aws.client("elbv2")
    group = elb.create_target_group(
        Name="servers",
        Protocol="TCP",
        Port=6443,
        VpcId=aws.vpc_id,
        TargetType="instance",
        HealthCheckProtocol="HTTPS",
        HealthCheckPath="/readyz",
        HealthCheckIntervalSeconds=5,
        HealthCheckTimeoutSeconds=2,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=2,
        Matcher={"HttpCode": "200"},
    )["TargetGroups"][0]["TargetGroupArn"]
    attributes = {"preserve_client_ip.enabled": "false", "deregistration_delay.timeout_seconds": "5"}
    elb.modify_target_group_attributes(
        TargetGroupArn=group, Attributes=[{"Key": key, "Value": value} for key, value in attributes.items()]
    )
    balancer = elb.create_load_balancer(
        Name="api", Type="network", Scheme="internal", Subnets=list(aws.subnet_ids.values())
    )["LoadBalancers"][0]
    elb.modify_load_balancer_attributes(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Attributes=[{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}],
    )
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="TCP",
        Port=6443,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    a, b = aws.launch(SERVER, zone="us-east-1a"), aws.launch(SERVER, zone="us-east-1b")
    # Others are refused.
    aws.client("ec2").get_waiter("instance_running").wait(InstanceIds=[a, b], WaiterConfig={"Delay": 1})
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": a}, {"Id": b}])
    wait_for(aws, group, {a: "healthy", b: "healthy"})

    addresses = aws.resolve(balancer["DNSName"])
    assert sorted(address.rpartition(".")[0] for address in addresses) == ["10.20.0", "10.20.1"]
    aws.until(lambda: served_by(aws, addresses) == {a, b}, lambda: "not both targets get connections")
    names = {host_name(aws, one): one for one in (a, b)}
    answers = [get(aws, addresses[number % 2], "/") for number in range(30)]
    assert {answer.split()[0] for answer in answers} == set(names)
    assert {answer.split()[1] for answer in answers} == set(addresses), "clients' addresses are not kept"

    get(aws, private_ip(aws, a), "/become/503")
    wait_for(aws, group, {a: "unhealthy", b: "healthy"})
    assert reason(aws, group, a) == "Target.ResponseCodeMismatch"
    aws.until(
        lambda: served_by(aws, addresses) == {b}, lambda: "connections still go to the unhealthy target"
    )
    get(aws, private_ip(aws, a), "/become/200")
    wait_for(aws, group, {a: "healthy", b: "healthy"})
    aws.until(lambda: served_by(aws, addresses) == {a, b}, lambda: "no connection goes to the healed target")

    kept = open_https(aws, addresses[0], until_served_by=host_name(aws, b))
    elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": b}])
    aws.until(lambda: served_by(aws, addresses) == {a}, lambda: "connections still go to the draining target")
    if states(aws, group).get(b) == "draining":
        kept.request("GET", "/")
        assert kept.getresponse().read().decode().split()[0] == host_name(aws, b), (
            "draining keeps connections"
        )
    kept.close()
    elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    aws.until(lambda: not listens(aws, addresses[0]), lambda: "a deleted balancer still listens")
    aws.client("ec2").terminate_instances(InstanceIds=[a, b])


def get(aws: Aws, address: str, path: str) -> str:
    """GET by HTTPS from inside the VPC, without looking at the certificate."""
    connection = _https(aws, address)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def open_https(aws: Aws, address: str, *, until_served_by: str) -> http.client.HTTPConnection:
    """A connection through a balancer that leads to the server with this host name."""
    for _ in range(50):
        connection = _https(aws, address)
        connection.request("GET", "/")
        if connection.getresponse().read().decode().split()[0] == until_served_by:
            return connection
        connection.close()
    raise AssertionError(f"of 50 connections none leads to {until_served_by}")


def served_by(aws: Aws, addresses: list[str]) -> set[str]:
    """The instances that answer connections through a balancer now; none, if a connection fails."""
    names = {_name_of(instance): instance["InstanceId"] for instance in _instances(aws)}
    try:
        answers = [get(aws, addresses[number % len(addresses)], "/") for number in range(16)]
    except ConnectionError:
        return set()
    return {names[answer.split()[0]] for answer in answers}


def listens(aws: Aws, address: str) -> bool:
    """Whether connections are accepted at the address."""
    try:
        aws.connect(address, 6443).close()
    except OSError:
        return False
    return True


def states(aws: Aws, group: str) -> dict[str, str]:
    """The health of each target."""
    answer = aws.client("elbv2").describe_target_health(TargetGroupArn=group)
    return {
        entry["Target"]["Id"]: entry["TargetHealth"]["State"] for entry in answer["TargetHealthDescriptions"]
    }


def reason(aws: Aws, group: str, target: str) -> str:
    """Why a target is not healthy."""
    answer = aws.client("elbv2").describe_target_health(TargetGroupArn=group, Targets=[{"Id": target}])
    return str(answer["TargetHealthDescriptions"][0]["TargetHealth"]["Reason"])


def wait_for(aws: Aws, group: str, wanted: dict[str, str]) -> None:
    """Wait for the health of targets."""
    aws.until(lambda: states(aws, group) == wanted, lambda: json.dumps(states(aws, group)))


def private_ip(aws: Aws, instance_id: str) -> str:
    """An instance's address."""
    (found,) = [instance for instance in _instances(aws) if instance["InstanceId"] == instance_id]
    return str(found["PrivateIpAddress"])


def host_name(aws: Aws, instance_id: str) -> str:
    """What a machine calls itself."""
    return f"ip-{private_ip(aws, instance_id).replace('.', '-')}"


def _name_of(instance: dict[str, str]) -> str:
    return f"ip-{instance['PrivateIpAddress'].replace('.', '-')}"


def _instances(aws: Aws) -> list[dict[str, str]]:
    answer = aws.client("ec2").describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["running"]}]
    )
    return [instance for reservation in answer["Reservations"] for instance in reservation["Instances"]]


def _https(aws: Aws, address: str) -> http.client.HTTPConnection:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPConnection(address, 6443)
    connection.sock = context.wrap_socket(aws.connect(address, 6443))
    return connection
