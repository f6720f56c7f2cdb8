"""Route53: conditions on the records that a request changes.

Names are normalised as the developer guide says ("Using IAM policy conditions for
fine-grained access control"): lower case, no trailing dot, and every character
but a-z, 0-9, hyphen, underscore and dot as an octal escape.
"""

import re
from xml.etree import ElementTree

from emulator.api.iam.checks import ANY, Check, Request

_PLAIN = re.compile(r"[a-z0-9\-_.]")
_ESCAPED = re.compile(r"\\([0-7]{3})")


def checks(request: Request) -> list[Check] | None:
    """The checks of a Route53 request; None leaves them to ministack."""
    if request.action == "ChangeResourceRecordSets":
        return [Check(resource_arn=_zone_arn(request), keys=_record_keys(request.body))]
    if request.action == "GetChange":
        return [Check(resource_arn=f"arn:aws:route53:::change/{request.path.rpartition('/')[2]}")]
    if request.action in ("ListHostedZones", "ListHostedZonesByName", "ListHostedZonesByVPC"):
        return [Check(resource_arn=ANY)]
    return None


def normalised(name: str) -> str:
    """A record name as the condition key holds it."""
    plain = _ESCAPED.sub(lambda match: chr(int(match.group(1), 8)), name).lower().rstrip(".")
    return "".join(
        character if _PLAIN.match(character) else "".join(f"\\{byte:03o}" for byte in character.encode())
        for character in plain
    )


def _zone_arn(request: Request) -> str:
    parts = [part for part in request.path.split("/") if part]
    return f"arn:aws:route53:::hostedzone/{parts[parts.index('hostedzone') + 1]}"


def _record_keys(body: bytes) -> dict[str, list[str]]:
    try:
        # The body comes from callers on this computer's loopback.
        root = ElementTree.fromstring(body)  # noqa: S314
    except ElementTree.ParseError:
        return {}
    found: dict[str, set[str]] = {"Name": set(), "Type": set(), "Action": set()}
    for change in root.iter():
        if _local_name(change.tag) != "Change":
            continue
        for element in change.iter():
            tag = _local_name(element.tag)
            if tag in found and element.text:
                found[tag].add(element.text.strip())
    prefix = "route53:ChangeResourceRecordSets"
    return {
        f"{prefix}NormalizedRecordNames": sorted(map(normalised, found["Name"])),
        f"{prefix}RecordTypes": sorted(found["Type"]),
        f"{prefix}Actions": sorted(found["Action"]),
    }


def _local_name(tag: str) -> str:
    return tag.rpartition("}")[2]
