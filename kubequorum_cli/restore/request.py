"""Requests to restore in the state bucket, what masters have made of them, and the slots' records."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Self, cast

from botocore.exceptions import ClientError

from kubequorum_cli import slot_records
from kubequorum_cli.errors import CommandError
from kubequorum_cli.slot_records import SlotRecord
from kubequorum_cli.target import Target

_REQUESTS, _CLAIMS, _DATA = "restores/requests/", "restores/claims/", "restores/data/"
_ABSENT = frozenset({"NoSuchKey", "404"})
_WRITTEN = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request; docs/contract.md has its fields."""

    number: int
    generation: int
    revision: int
    or_newer: bool
    bump_revision: int
    to: str
    """What the person wrote."""
    requested: str
    """When, ISO 8601."""
    source: str = ""
    """Prefix in the state bucket of the copies of another cluster's backups; empty for the own backups."""
    copied_from: str = ""
    """The bucket that they were copied from."""
    settings: dict[str, str] = field(default_factory=dict)
    """What another cluster's data fix, by keys of the cluster file."""

    @property
    def version(self) -> int:
        """2 for what an earlier release would misunderstand."""
        return 2 if self.source else 1

    def to_json(self) -> str:
        """As masters read it."""
        return json.dumps({"version": self.version, **asdict(self)}, indent=1)


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What masters have made of a request: the snapshot that all of them restore."""

    revision: int
    seen: datetime | None
    """None if it is the full snapshot's."""
    full: str
    left_out: str
    """What is in the bucket and could not be used; empty if nothing."""

    @classmethod
    def from_metadata(cls, metadata: dict[str, str]) -> Self:
        """Read what the node program keeps with the snapshot."""
        seen = metadata.get("seen", "")
        return cls(
            revision=int(metadata.get("revision", 0)),
            seen=datetime.fromtimestamp(float(seen), UTC) if seen else None,
            full=metadata.get("full", ""),
            left_out=str(json.loads(metadata.get("left-out", '""'))),
        )


class RestoreBucket:
    """The part of the state bucket that restores are about. Errors of botocore are not handled."""

    def __init__(self, target: Target) -> None:
        """Find the bucket.

        Raises:
            CommandError: the cluster has no State stack.
        """
        self.name = target.state_bucket()
        self._s3 = target.client("s3")

    def requests(self) -> list[Request]:
        """All requests, oldest first.

        Raises:
            CommandError: one cannot be read.
        """
        return [self._request(key) for key in self._keys(_REQUESTS)]

    def next_number(self) -> int:
        """The number that the next request gets."""
        keys = self._keys(_REQUESTS)
        return int(keys[-1].removeprefix(_REQUESTS).removesuffix(".json")) + 1 if keys else 1

    def write(self, request: Request) -> None:
        """Write a request, once.

        Raises:
            CommandError: somebody else has written one of this number.
        """
        key = _key(request.number)
        body = request.to_json().encode()
        try:
            self._s3.put_object(Bucket=self.name, Key=key, Body=body, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] not in _WRITTEN:
                raise
            raise CommandError(
                f"restore {request.number} was requested by somebody else at the same time",
                why=f"s3://{self.name}/{key} is there already; nothing was changed by this command",
                remedy="see what it restores, and follow it: ./kubequorum restore",
            ) from error

    def written(self, number: int) -> datetime:
        """When a request was written, by S3's clock."""
        return cast("datetime", self._head(_key(number))["LastModified"])

    def is_begun(self, number: int) -> bool:
        """Whether a master has begun it."""
        return bool(self._head(f"{_CLAIMS}{number:06d}"))

    def restored(self, number: int) -> Restored | None:
        """What masters have made of a request; None if nothing yet, or no longer."""
        found = self._head(f"{_DATA}{number:06d}.db")
        return Restored.from_metadata(found["Metadata"]) if found else None

    def slots(self) -> list[str]:
        """The slots that have a record, in order."""
        keys = self._keys(slot_records.PREFIX)
        return [key.split("/")[1] for key in keys if key.endswith(f"/{slot_records.NAME}")]

    def record(self, slot: str) -> SlotRecord | None:
        """A slot's record; None if it has none.

        Raises:
            CommandError: it is unreadable.
        """
        return slot_records.read(self._s3, self.name, slot)

    def _request(self, key: str) -> Request:
        try:
            document = json.loads(self._read(key) or b"")
            known = [name for name in Request.__dataclass_fields__ if name in document]
            return Request(**{name: document[name] for name in known})
        except (LookupError, TypeError, ValueError) as error:
            raise self._unreadable(key, error) from error

    def _head(self, key: str) -> dict[str, Any]:
        """What S3 says about an object; empty if there is none."""
        try:
            return dict(self._s3.head_object(Bucket=self.name, Key=key))
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return {}
            raise

    def _keys(self, prefix: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [str(entry["Key"]) for page in pages for entry in page.get("Contents", [])]

    def _read(self, key: str) -> Any:
        try:
            return self._s3.get_object(Bucket=self.name, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return None
            raise

    def _unreadable(self, key: str, error: Exception) -> CommandError:
        return CommandError(
            f"s3://{self.name}/{key} cannot be read",
            why=repr(error),
            remedy="restore an earlier version of the object: the bucket is versioned",
        )


def _key(number: int) -> str:
    return f"{_REQUESTS}{number:06d}.json"
