"""Another cluster whose backups are restored: where they are, what they are encrypted with, what they fix."""

import json
from dataclasses import dataclass, replace
from typing import Any, Self

from botocore.exceptions import ClientError, ParamValidationError

from kubequorum_cli.backups import BackupBucket
from kubequorum_cli.errors import CommandError, UsageError
from kubequorum_cli.target import Target

CA_SET = "pki/ca-set.json"
KEYS = "pki/encryption-keys/"
_SETTINGS = "pki/fixed-settings.json"
_FIXED_BY_DATA = "network."
"""Beginning of the keys of the cluster file that data have in them: Services have addresses of a range."""
_BUCKET = "s3://"
_ABSENT = frozenset({"NoSuchKey", "404"})


@dataclass(frozen=True, kw_only=True)
class SharedState:
    """What the masters of a cluster share in its state bucket. Errors of botocore are not handled."""

    bucket: str
    s3: Any

    @classmethod
    def of(cls, target: Target, bucket: str) -> Self:
        """As the administrator of a cluster reads and writes it."""
        return cls(bucket=bucket, s3=target.client("s3"))

    def ca_set(self) -> dict[str, Any] | None:
        """The CA set, with the key that Secrets are encrypted with; None if no master has made one yet."""
        return self._document(CA_SET)

    def encryption_keys(self) -> list[str]:
        """Every key that data of the cluster may be encrypted with, in base64; its own one first.

        Raises:
            CommandError: it has none, or one cannot be read.
        """
        own = self.ca_set()
        if own is None:
            raise CommandError(
                f"the backups in s3://{self.bucket} cannot be decrypted",
                why=f"there is no {CA_SET}, which has the key",
                remedy="name the state bucket in which the other cluster's masters wrote theirs",
            )
        listed = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=KEYS)
        others = [str(entry["Key"]) for page in listed for entry in page.get("Contents", [])]
        documents = [(CA_SET, own, "encryption_key"), *((key, self._document(key), "key") for key in others)]
        try:
            return [str((document or {})[field]) for _, document, field in documents]
        except LookupError as error:
            raise self._unreadable(" or ".join(key for key, _, _ in documents), error) from error

    def fixed_by_data(self) -> dict[str, str]:
        """What the cluster's data fix, by keys of the cluster file; nothing before a master has worked."""
        document = self._document(_SETTINGS) or {"settings": {}}
        try:
            found = {str(key): str(value) for key, value in document["settings"].items()}
        except (LookupError, AttributeError) as error:
            raise self._unreadable(_SETTINGS, error) from error
        return {key: value for key, value in found.items() if key.startswith(_FIXED_BY_DATA)}

    def _document(self, key: str) -> dict[str, Any] | None:
        try:
            body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return None
            raise
        try:
            return dict(json.loads(body))
        except (ValueError, TypeError) as error:
            raise self._unreadable(key, error) from error

    def _unreadable(self, key: str, error: Exception) -> CommandError:
        return CommandError(
            f"{key} in s3://{self.bucket} cannot be read",
            why=repr(error),
            remedy="restore an earlier version of the object: the bucket is versioned",
        )


@dataclass(frozen=True, kw_only=True)
class Source:
    """The other cluster."""

    backups: BackupBucket
    state: SharedState


def find(target: Target, text: str) -> Source:
    """The cluster that `--from` names, by its name or, as s3://NAME, by its state bucket.

    Raises:
        UsageError: it is the cluster itself.
        CommandError: there is no such cluster or bucket, or it may not be read.
    """
    own = BackupBucket(target).name
    if text.startswith(_BUCKET):
        name = text.removeprefix(_BUCKET).strip("/")
    else:
        outputs = replace(target, cluster=text).outputs("State") or {}
        name = outputs.get("StateBucketArn", "").rpartition(":")[2]
    if not name or "/" in name:
        raise CommandError(
            f"there is no cluster {text} in this account and region",
            why=f"{text} names no stack {text}-State with an output StateBucketArn",
            remedy="if its stacks are deleted, name its state bucket: --from s3://NAME",
        )
    if name == own:
        raise UsageError(
            f"{text} is the cluster that would be restored",
            why=f"both have the state bucket {own}",
            remedy="without --from its own backups are restored",
        )
    state = SharedState.of(target, name)
    _require_readable(state, text)
    return Source(backups=BackupBucket(target, name=name), state=state)


def _require_readable(state: SharedState, text: str) -> None:
    try:
        state.s3.head_bucket(Bucket=state.bucket)
    except (ClientError, ParamValidationError) as error:
        raise CommandError(
            f"the backups of {text} cannot be read",
            why=f"bucket {state.bucket}: {error}",
            remedy="name a state bucket that exists (output StateBucketArn of a State stack), and use "
            "credentials that may list and read it",
        ) from error


def require_same_ranges(theirs: dict[str, str], ours: dict[str, str]) -> None:
    """Compare what both clusters' data fix; a cluster without masters has nothing to compare yet.

    Raises:
        CommandError: names each key with both values.
    """
    other = [
        f"{key} is {ours[key]}, there {value}"
        for key, value in theirs.items()
        if ours.get(key, value) != value
    ]
    if other:
        raise CommandError(
            "the other cluster's data do not fit into this one",
            why="; ".join(other),
            remedy="make a new cluster with the other one's ranges: its Services have addresses of them",
        )
