"""Launches the three masters of the baseline, as somebody with the AWS command line would."""

import subprocess
import tempfile
from pathlib import Path

from benchmarks.baseline import machine
from lab.artifacts import Settings as ArtifactSettings
from lab.artifacts import ensure
from lab.cluster import Cluster

_SCRIPT = Path(__file__).with_name("user-data.sh")
_VPC = "10.78.0.0/16"
_ZONES = "abc"
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


def launch(cluster: Cluster) -> None:
    """Make network, volumes and CA set, then launch the three masters with their volumes attached.

    What comes before the launch is not measured: an expert has it ready. The machines get the CA set in their
    user-data. That is no place for keys, but the fastest way to deliver them.
    """
    ec2 = cluster.client("ec2")
    region = cluster.target.session.region_name
    vpc_id = ec2.create_vpc(CidrBlock=_VPC)["Vpc"]["VpcId"]
    subnets, volumes, addresses = {}, {}, {}
    for number, letter in enumerate(_ZONES):
        zone, cidr = f"{region}{letter}", f"10.78.{number}.0/24"
        subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]
        subnets[letter] = subnet["SubnetId"]
        volumes[letter] = ec2.create_volume(AvailabilityZone=zone, Size=machine.VOLUME_GIB)["VolumeId"]
        addresses[letter] = f"10.78.{number}.10"
    members = ",".join(f"{address}=https://{address}:2380" for address in addresses.values())
    ca_set = _ca_set()
    launched = {}
    for letter in _ZONES:
        device = machine.device(volumes[letter])
        variables = f"ADDRESS={addresses[letter]}\nDEVICE={device}\nMEMBERS='{members}'\n"
        instance = machine.launch(
            ec2, subnets[letter], _user_data(variables, ca_set), PrivateIpAddress=addresses[letter]
        )
        launched[letter] = instance["InstanceId"]
    for letter, instance_id in launched.items():
        machine.attach(ec2, instance_id, volumes[letter])


def _user_data(variables: str, ca_set: dict[str, str]) -> str:
    files = "".join(
        f"cat >/etc/kubernetes/pki/{name} <<'END'\n{text.rstrip()}\nEND\n" for name, text in ca_set.items()
    )
    keys = f"umask 077\nmkdir -p /etc/kubernetes/pki/etcd\n{files}umask 022\n"
    return machine.user_data(_SCRIPT, variables=f"{variables}{keys}")


def _ca_set() -> dict[str, str]:
    """Create a CA set with the machines' kubeadm; file below the PKI folder → PEM."""
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
