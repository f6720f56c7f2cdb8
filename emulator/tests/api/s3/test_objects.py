"""S3 objects: conditional writes, keys, and who may."""

import json
import urllib.error
import urllib.request
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.emulator import Emulator


@pytest.fixture
def bucket(emulator: Emulator) -> str:
    """An empty bucket."""
    name = f"bucket-{uuid4().hex[:12]}"
    emulator.client("s3").create_bucket(Bucket=name)
    return name


def _denied(action: str) -> Any:
    return pytest.raises(ClientError, match=f"not authorized to perform: {action}")


def test_first_writer_wins(emulator: Emulator, bucket: str) -> None:
    """If-None-Match: * creates an object once; the second writer gets 412."""
    s3 = emulator.client("s3")
    s3.put_object(Bucket=bucket, Key="ca", Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="ca", Body=b"second", IfNoneMatch="*")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert s3.get_object(Bucket=bucket, Key="ca")["Body"].read() == b"first"


def test_policy_may_demand_a_conditional_write(emulator: Emulator, bucket: str) -> None:
    """s3:if-none-match in a policy refuses a write without the header."""
    statement = {
        "Effect": "Allow",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/ca",
        "Condition": {"Null": {"s3:if-none-match": "false"}},
    }
    s3 = emulator.client("s3", session=emulator.session_of([statement]))
    with _denied("s3:PutObject"):
        s3.put_object(Bucket=bucket, Key="ca", Body=b"x")
    s3.put_object(Bucket=bucket, Key="ca", Body=b"x", IfNoneMatch="*")


def test_parts_are_exempt_from_a_policy_on_what_makes_an_object(emulator: Emulator, bucket: str) -> None:
    """Of an upload in parts the completion needs the header: the others cannot have it."""
    once = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {
            "Null": {"s3:if-none-match": "true"},
            "Bool": {"s3:ObjectCreationOperation": "true"},
        },
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [once]})
    emulator.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    allowed = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3 = emulator.client("s3", session=emulator.session_of([allowed]))
    with _denied("s3:PutObject"):
        s3.put_object(Bucket=bucket, Key="large", Body=b"x")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="large")["UploadId"]
    name = {"Bucket": bucket, "Key": "large", "UploadId": upload}
    part = s3.upload_part(**name, PartNumber=1, Body=b"part")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    with _denied("s3:PutObject"):
        s3.complete_multipart_upload(**name, MultipartUpload=parts)
    s3.complete_multipart_upload(**name, MultipartUpload=parts, IfNoneMatch="*")
    assert emulator.client("s3").get_object(Bucket=bucket, Key="large")["Body"].read() == b"part"


def test_encrypted_objects_need_the_key(emulator: Emulator, bucket: str) -> None:
    """With a bucket key, a write needs kms:GenerateDataKey and a read kms:Decrypt, through S3."""
    key = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    emulator.client("s3").put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [{**rule, "BucketKeyEnabled": True}]}
    )
    objects = {
        "Effect": "Allow",
        "Action": ["s3:PutObject", "s3:GetObject"],
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    via_s3 = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    write = {"Effect": "Allow", "Action": "kms:GenerateDataKey", "Resource": key, "Condition": via_s3}
    read = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key, "Condition": via_s3}
    without = emulator.client("s3", session=emulator.session_of([objects]))
    with _denied("kms:GenerateDataKey"):
        without.put_object(Bucket=bucket, Key="x", Body=b"1")
    writer = emulator.client("s3", session=emulator.session_of([objects, write]))
    writer.put_object(Bucket=bucket, Key="x", Body=b"1")
    with _denied("kms:Decrypt"):
        writer.get_object(Bucket=bucket, Key="x")
    reader = emulator.client("s3", session=emulator.session_of([objects, write, read]))
    assert reader.get_object(Bucket=bucket, Key="x")["Body"].read() == b"1"


def test_tls_only_policy_lets_loopback_in(emulator: Emulator, bucket: str) -> None:
    """A policy that denies insecure transport does not deny requests here: loopback stands for TLS."""
    s3 = emulator.client("s3")
    arns = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    tls_only = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*",'
        f'"Resource":["{arns[0]}","{arns[1]}"],"Condition":{{"Bool":{{"aws:SecureTransport":"false"}}}}}}]}}'
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=tls_only)
    allow = {"Effect": "Allow", "Action": "s3:*", "Resource": arns}
    emulator.client("s3", session=emulator.session_of([allow])).put_object(Bucket=bucket, Key="x", Body=b"1")


def test_anonymous_reader_is_refused(emulator: Emulator, bucket: str) -> None:
    """A request without credentials is refused: no bucket policy allows it."""
    emulator.client("s3").put_object(Bucket=bucket, Key="x", Body=b"1")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{emulator.url}/{bucket}/x", timeout=10)  # noqa: S310
    assert refused.value.code == 403
    refused.value.close()


def test_wrong_signature_is_refused(emulator: Emulator, bucket: str) -> None:
    """The key of a session with another secret does not get in."""
    session = dict(emulator.session_of([{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]))
    session["SecretAccessKey"] = "x" * 40
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        emulator.client("s3", session=session).get_object(Bucket=bucket, Key="x")
