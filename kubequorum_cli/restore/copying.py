"""Copies another cluster's backups and keys into a cluster's state bucket, by way of this computer.

So no master of either cluster may read the other's bucket: only the person who copies must be able to.
Objects of the bucket are written once, with a condition; nothing that is there is replaced.
"""

import base64
import hashlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from kubequorum_cli.console import Progress, Stage
from kubequorum_cli.errors import CommandError
from kubequorum_cli.restore.plan import Plan
from kubequorum_cli.restore.request import Request
from kubequorum_cli.restore.source import CA_SET, KEYS, SharedState, Source, require_same_ranges

_SOURCES = "restores/sources/"
_WRITTEN = frozenset({"PreconditionFailed", "412"})
_PART_BYTES = 256 << 20
"""An object of this size or less is one PUT, which takes 5 GiB at most
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html)."""
_READ_BYTES = 1 << 20
_PAGE_BYTES = 512
_SUM_BYTES = 32
"""A full snapshot is a database file, whose size is a multiple of 512, and its SHA-256
(etcd etcdutl/snapshot/v3_snapshot.go)."""


def require_possible(source: Source, own: SharedState, *, with_ca: bool) -> None:
    """Check that the other cluster's data fit into this one, and can be decrypted here.

    Raises:
        CommandError: they do not, or this cluster has a CA set and the other's was to come along.
    """
    require_same_ranges(source.state.fixed_by_data(), own.fixed_by_data())
    source.state.encryption_keys()
    there = own.ca_set()
    if with_ca and there is not None and there != source.state.ca_set():
        raise CommandError(
            "the other cluster's CA set cannot come along",
            why=f"s3://{own.bucket}/{CA_SET} is there already, and is written once",
            remedy="leave out --with-ca, or restore into a cluster of which only Network and State have ever "
            "been deployed",
        )


def bring(plan: Plan, source: Source, own: SharedState, request: Request, with_ca: bool) -> Request:
    """Copy what a request needs of the other cluster; the request with the place of it.

    The request is written afterwards: what an interrupted command has copied is used by nobody, and expires.

    Raises:
        CommandError: a backup is damaged or gone.
    """
    # Each attempt has a place of its own.
    attempt = "".join(character for character in request.requested if character.isalnum())
    below = f"{_SOURCES}{request.number:06d}-{attempt}/"
    with Progress().stage(f"copying the backups of s3://{source.state.bucket}") as stage:
        _bring_backups(plan, source, own, below=below, stage=stage)
        if with_ca and own.ca_set() is None:
            _put(own, CA_SET, json.dumps(source.state.ca_set(), indent=1).encode())
        _bring_keys(source, own)
    return replace(
        request,
        source=below,
        copied_from=source.state.bucket,
        settings=source.state.fixed_by_data(),
    )


def _bring_keys(source: Source, own: SharedState) -> None:
    """Copy the keys that the other cluster's data are encrypted with; masters here only decrypt with them."""
    own_key = (own.ca_set() or {}).get("encryption_key")
    for key in source.state.encryption_keys():
        if key != own_key:
            name = hashlib.sha256(base64.b64decode(key)).hexdigest()[:16]
            _put(own, f"{KEYS}{name}.json", key_document(key, bucket=source.state.bucket).encode())


def key_document(key: str, *, bucket: str) -> str:
    """A key as masters read it, with the bucket that it comes from for people."""
    return json.dumps({"version": 1, "key": key, "from": f"s3://{bucket}"}, indent=1)


def _bring_backups(plan: Plan, source: Source, own: SharedState, *, below: str, stage: Stage) -> None:
    """Copy a full snapshot, verified, and the logs that continue it, which the plan has verified."""
    stage.line(f"{plan.full.key}, {plan.full.size_bytes >> 20} MiB, and {len(plan.logs)} log objects")
    with tempfile.TemporaryDirectory(prefix="kubequorum-") as folder:
        path = Path(folder, "snapshot.db")
        body = source.state.s3.get_object(Bucket=source.state.bucket, Key=plan.full.key)["Body"]
        with path.open("wb") as file:
            while part := body.read(_READ_BYTES):
                file.write(part)
        _verify(path, plan)
        _put_file(own, below + plan.full.key, path)
    for number, log in enumerate(plan.logs, 1):
        stage.detail(f"log object {number} of {len(plan.logs)}")
        found = source.state.s3.get_object(Bucket=source.state.bucket, Key=log.key)
        _put(own, below + log.key, found["Body"].read())


def _verify(path: Path, plan: Plan) -> None:
    size = path.stat().st_size
    if size % _PAGE_BYTES == _SUM_BYTES:
        with path.open("rb") as file:
            digest, left = hashlib.sha256(), size - _SUM_BYTES
            while left:
                part = file.read(min(left, _READ_BYTES))
                digest.update(part)
                left -= len(part)
            if file.read() == digest.digest():
                return
    raise CommandError(
        f"full snapshot {plan.full.point} is damaged",
        why=f"{plan.full.key} does not end in its SHA-256",
        remedy="choose an id before it: ./kubequorum backups, for the other cluster",
    )


def _put(own: SharedState, key: str, body: Any) -> None:
    """Write an object, unless it is there: then an interrupted command has written the same."""
    try:
        own.s3.put_object(Bucket=own.bucket, Key=key, Body=body, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] not in _WRITTEN:
            raise


def _put_file(own: SharedState, key: str, path: Path) -> None:
    if path.stat().st_size <= _PART_BYTES:
        with path.open("rb") as body:
            _put(own, key, body)
        return
    place = {"Bucket": own.bucket, "Key": key}
    upload = own.s3.create_multipart_upload(**place)["UploadId"]
    parts: list[dict[str, Any]] = []
    with path.open("rb") as file:
        while part := file.read(_PART_BYTES):
            number = len(parts) + 1
            sent = own.s3.upload_part(**place, UploadId=upload, PartNumber=number, Body=part)
            parts.append({"PartNumber": number, "ETag": sent["ETag"]})
    own.s3.complete_multipart_upload(
        **place, UploadId=upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
    )
