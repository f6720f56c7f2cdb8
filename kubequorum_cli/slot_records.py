"""The slots' records in the state bucket, where masters say how they are; docs/contract.md has the fields."""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from kubequorum_cli.errors import CommandError

PREFIX = "slots/"
NAME = "record.json"
_ABSENT = frozenset({"NoSuchKey", "404"})


@dataclass(frozen=True, kw_only=True)
class SlotRecord:
    """What the last master of a slot has written."""

    instance: str
    restore: int = 0
    """The number of the restore that its data come from; 0 if etcd was never restored."""
    outcome: str
    """`booting`, `ready`, `failed: …`, `unwell: …`, and more while it restores or shuts down."""
    volume: str = ""
    stage: str = ""
    """Of its member of etcd: `forming`, `joining` or `member`."""


def read(s3: Any, bucket: str, slot: str) -> SlotRecord | None:
    """A slot's record; None if it has none. Other errors of botocore are not handled.

    Raises:
        CommandError: it is unreadable.
    """
    key = f"{PREFIX}{slot}/{NAME}"
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return None
        raise
    try:
        document = json.loads(body)
        return SlotRecord(
            instance=str(document["instance"]),
            restore=int(document.get("restore", 0)),
            outcome=str(document["outcome"]),
            volume=str(document.get("volume", "")),
            stage=str(document.get("stage", "")),
        )
    except (LookupError, TypeError, ValueError) as error:
        raise CommandError(
            f"s3://{bucket}/{key} cannot be read",
            why=repr(error),
            remedy="restore an earlier version of the object: the bucket is versioned",
        ) from error
