"""Launches the machines of the floor, as somebody with the AWS command line would."""

import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from local.artifacts import Settings as ArtifactSettings
from local.artifacts import ensure
from local.bench.standing import Standing

_SCRIPT = Path(__file__).with_name("user-data.sh")
_VPC = "10.78.0.0/16"
_ZONES = "abc"
_VOLUME_GIB = 4
_CA_SET = (
    *(f"{name}.{end}" for name in ("ca", "etcd/ca", "front-proxy-ca") for end in ("crt", "key")),
    *("sa.key", "sa.pub"),
)
_CA_CONFIG = """\
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
certificatesDir: {folder}
encryptionAlgorithm: ECDSA-P256
"""
_PAUSE_SECONDS = 0.02
_RUNNING_SECONDS = 60.0


def launch(standing: Standing) -> None:
    """Make network, volumes and CA set, then launch the three masters with their volumes attached.

    All that comes before the launch is not measured: by hand one has it ready. The machines get the CA set in
    their user-data. That is no place for keys, but no way to bring them is faster.
    """
    ec2 = standing.client("ec2")
    region = standing.running.region
    vpc_id = ec2.create_vpc(CidrBlock=_VPC)["Vpc"]["VpcId"]
    subnets, volumes, addresses = {}, {}, {}
    for number, letter in enumerate(_ZONES):
        zone, cidr = f"{region}{letter}", f"10.78.{number}.0/24"
        subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]
        subnets[letter] = subnet["SubnetId"]
        volumes[letter] = ec2.create_volume(AvailabilityZone=zone, Size=_VOLUME_GIB)["VolumeId"]
        addresses[letter] = f"10.78.{number}.10"
    members = ",".join(f"{address}=https://{address}:2380" for address in addresses.values())
    ca_set = _ca_set()
    launched = {}
    for letter in _ZONES:
        device = f"/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{volumes[letter].replace('-', '')}"
        variables = f"ADDRESS={addresses[letter]}\nDEVICE={device}\nMEMBERS='{members}'\n"
        answer = ec2.run_instances(
            ImageId="ami-0123456789abcdef0",
            InstanceType="m7i.large",
            SubnetId=subnets[letter],
            PrivateIpAddress=addresses[letter],
            MinCount=1,
            MaxCount=1,
            UserData=_user_data(variables, ca_set),
            MetadataOptions={"HttpTokens": "required"},
        )
        launched[letter] = answer["Instances"][0]["InstanceId"]
    for letter, instance_id in launched.items():
        _wait_until_running(ec2, instance_id)
        ec2.attach_volume(InstanceId=instance_id, VolumeId=volumes[letter], Device="/dev/xvdf")


def _user_data(variables: str, ca_set: dict[str, str]) -> str:
    first, _, script = _SCRIPT.read_text(encoding="utf-8").partition("\n")
    files = "".join(
        f"cat >/etc/kubernetes/pki/{name} <<'END'\n{text.rstrip()}\nEND\n" for name, text in ca_set.items()
    )
    # Comments do not travel, for user-data has little room.
    script = "".join(f"{line}\n" for line in script.splitlines() if not line.startswith("#"))
    return f"{first}\n{variables}umask 077\nmkdir -p /etc/kubernetes/pki/etcd\n{files}umask 022\n{script}"


def _ca_set() -> dict[str, str]:
    """Make a CA set with the machines' kubeadm; file below the PKI folder → PEM."""
    kubeadm = ensure(["kubernetes-node"], settings=ArtifactSettings.from_environment()).programs["kubeadm"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "config.yaml"
        config.write_text(_CA_CONFIG.format(folder=folder / "pki"), encoding="utf-8")
        for phase in ("ca", "etcd-ca", "front-proxy-ca", "sa"):
            subprocess.run(
                [kubeadm, "init", "phase", "certs", phase, "--config", config],
                check=True,
                capture_output=True,
            )
        return {file: (folder / "pki" / file).read_text(encoding="utf-8") for file in _CA_SET}


def _wait_until_running(ec2: Any, instance_id: str) -> None:
    deadline = time.monotonic() + _RUNNING_SECONDS
    while time.monotonic() < deadline:
        answer = ec2.describe_instances(InstanceIds=[instance_id])
        if answer["Reservations"][0]["Instances"][0]["State"]["Name"] == "running":
            return
        time.sleep(_PAUSE_SECONDS)
    raise TimeoutError(f"{instance_id} is not running after {_RUNNING_SECONDS:.0f} s")
