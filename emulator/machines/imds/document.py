"""What the instance metadata service of one instance holds: every path below /latest or a version.

Categories and their content:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html
Left out, because the emulated EC2 does not say it: network interface ids, reservation id, zone ids.
Tags are there if a launch template turns them on (`InstanceMetadataTags`), as they are when asked for.
"""

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from emulator.interfaces.machines import Credentials, Instance, InstanceFacts, MetadataTrouble

Folder: TypeAlias = Mapping[str, "Node"]
# A leaf may be a function, where finding its value costs something; its value may be "there is none".
Node: TypeAlias = str | bytes | Folder | Callable[[], str | None]

# Versions of the layout that clients ask for by date, of the many that there are: cloud-init looks for the
# first and takes the newest of the others. What is shown is the same in all of them.
_VERSIONS = ("2009-04-04", "2016-09-02", "2018-09-24", "2021-03-23")

# AWS promises new credentials at least five minutes before the old ones end; clients renew up to 15 early.
_RENEW_BEFORE = timedelta(minutes=15)


class InstanceMetadata:
    """The metadata of one instance: fixed facts, and what `InstanceFacts` says at the moment of asking."""

    def __init__(
        self,
        instance: Instance,
        facts: InstanceFacts,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.instance = instance
        self._facts = facts
        self._now = now
        self._launched = now()
        self._lock = threading.Lock()
        self._issued: tuple[str, Credentials, datetime] | None = None

    def get(self, path: str) -> bytes | None:
        """The content at a path such as `latest/meta-data/mac`, a listing for a folder, None for neither.

        A slash at the end changes nothing: clients of AWS ask for folders without and for values with one.
        """
        node: Node = self._root()
        for part in path.split("/"):
            if not part:
                continue
            if not isinstance(node, Mapping) or part not in node:
                return None
            node = node[part]
        if isinstance(node, Mapping):
            # IMDS marks folders with a slash, but for its two top levels.
            mark = "" if path.strip("/") in {"", "latest", *_VERSIONS} else "/"
            return "\n".join(
                f"{name}{mark if isinstance(value, Mapping) else ''}" for name, value in sorted(node.items())
            ).encode()
        value = node() if callable(node) else node
        return value.encode() if isinstance(value, str) else value

    def trouble(self, path: str) -> MetadataTrouble | None:
        """The fault that affects a request for a path; None without one."""
        return self._facts.metadata_trouble(self.instance.instance_id, path)

    def _root(self) -> Folder:
        latest: dict[str, Node] = {
            "dynamic": {"instance-identity": {"document": self._identity_document()}},
            "meta-data": self._meta_data(),
        }
        if self.instance.user_data:
            latest["user-data"] = self.instance.user_data
        return dict.fromkeys((*_VERSIONS, "latest"), latest)

    def _meta_data(self) -> Folder:
        i = self.instance
        tree: dict[str, Node] = {
            "ami-id": i.image_id,
            "ami-launch-index": "0",
            "hostname": i.private_dns_name,
            "instance-action": "none",
            "instance-id": i.instance_id,
            "instance-type": i.instance_type,
            "local-hostname": i.private_dns_name,
            "local-ipv4": i.private_ip,
            "mac": i.mac_address,
            "network": {"interfaces": {"macs": {i.mac_address: self._interface()}}},
            "placement": {"availability-zone": i.availability_zone, "region": i.region},
            "services": {"domain": "amazonaws.com", "partition": "aws"},
        }
        state = self._facts.target_lifecycle_state(i.instance_id)
        if state is not None:
            tree["autoscaling"] = {"target-lifecycle-state": state}
        tree.update(_nested(self._facts.notices(i.instance_id)))
        role = self._facts.role_name(i.instance_id)
        if role is not None and i.instance_profile_arn is not None:
            tree["iam"] = {
                "info": self._profile_info(i.instance_profile_arn),
                "security-credentials": {role: lambda: self._credentials_document(role)},
            }
        if i.shows_tags and (tags := self._facts.tags(i.instance_id)):
            tree["tags"] = {"instance": dict(tags)}
        return tree

    def _interface(self) -> Folder:
        i = self.instance
        return {
            "device-number": "0",
            "local-hostname": i.private_dns_name,
            "local-ipv4s": i.private_ip,
            "mac": i.mac_address,
            "owner-id": i.account_id,
            "security-group-ids": "\n".join(i.security_group_ids),
            "subnet-id": i.subnet_id,
            "subnet-ipv4-cidr-block": i.subnet_cidr,
            "vpc-id": i.vpc_id,
            "vpc-ipv4-cidr-block": i.vpc_cidr,
            "vpc-ipv4-cidr-blocks": i.vpc_cidr,
        }

    def _identity_document(self) -> str:
        i = self.instance
        return _json(
            {
                "accountId": i.account_id,
                "architecture": i.architecture,
                "availabilityZone": i.availability_zone,
                "billingProducts": None,
                "devpayProductCodes": None,
                "marketplaceProductCodes": None,
                "imageId": i.image_id,
                "instanceId": i.instance_id,
                "instanceType": i.instance_type,
                "kernelId": None,
                "pendingTime": _timestamp(self._launched),
                "privateIp": i.private_ip,
                "ramdiskId": None,
                "region": i.region,
                "version": "2017-09-30",
            }
        )

    def _profile_info(self, profile_arn: str) -> str:
        return _json(
            {"Code": "Success", "LastUpdated": _timestamp(self._launched), "InstanceProfileArn": profile_arn}
        )

    def _credentials_document(self, role: str) -> str | None:
        issued = self._credentials(role)
        if issued is None:
            return None
        credentials, since = issued
        return _json(
            {
                "Code": "Success",
                "LastUpdated": _timestamp(since),
                "Type": "AWS-HMAC",
                "AccessKeyId": credentials.access_key_id,
                "SecretAccessKey": credentials.secret_access_key,
                "Token": credentials.session_token,
                "Expiration": _timestamp(credentials.expiration),
            }
        )

    def _credentials(self, role: str) -> tuple[Credentials, datetime] | None:
        """The role's credentials, the same until shortly before they expire, and their start."""
        with self._lock:
            if self._issued is not None:
                for_role, credentials, since = self._issued
                early = self._now() < credentials.expiration - _RENEW_BEFORE
                if for_role == role and early and self._facts.are_valid(credentials):
                    return credentials, since
            fresh = self._facts.credentials(self.instance.instance_id)
            if fresh is None:
                return None
            self._issued = (role, fresh, self._now())
            return fresh, self._issued[2]


def _nested(texts: Mapping[str, str]) -> dict[str, Node]:
    """Texts by their paths, as folders."""
    below: dict[str, dict[str, str]] = {}
    tree: dict[str, Node] = {}
    for path, text in texts.items():
        folder, slash, rest = path.partition("/")
        if slash:
            below.setdefault(folder, {})[rest] = text
        else:
            tree[path] = text
    return {**tree, **{folder: _nested(inner) for folder, inner in below.items()}}


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(document: Mapping[str, str | None]) -> str:
    return json.dumps(document, indent=2)
