"""What S3 copies of the state bucket, and with which rights."""

from typing import Any

from tests.synthesis import synthesise


def _one(resource_type: str, part: str) -> Any:
    resources = synthesise("copied-backups").templates["State"]["Resources"]
    (found,) = [r["Properties"] for id_, r in resources.items() if r["Type"] == resource_type and part in id_]
    return found


def test_backups_and_what_decrypts_them_are_copied_and_no_deletion() -> None:
    """Nothing else: records of slots and join material are of this cluster only."""
    rules = _one("AWS::S3::Bucket", "StateBucket")["ReplicationConfiguration"]["Rules"]
    assert [rule["Filter"] for rule in rules] == [{"Prefix": "backups/"}, {"Prefix": "pki/"}]
    for rule in rules:
        assert rule["DeleteMarkerReplication"] == {"Status": "Disabled"}
        assert rule["SourceSelectionCriteria"] == {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    assert len({rule["Priority"] for rule in rules}) == 2


def test_the_role_reads_and_writes_those_only_and_deletes_nothing() -> None:
    """Not even where a master is taken: it cannot assume this role."""
    (trust,) = _one("AWS::IAM::Role", "BackupReplication")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "s3.amazonaws.com"}
    statements = _one("AWS::IAM::Policy", "BackupReplication")["PolicyDocument"]["Statement"]
    assert not [
        action for each in statements for action in each["Action"] if "Delete" in action or "*" in action
    ]
    written = next(each for each in statements if each["Sid"] == "WriteCopies")["Resource"]
    assert [str(resource).rpartition("copies-of-local")[2].strip("'}]") for resource in written] == [
        "/backups/*",
        "/pki/*",
    ]


def test_without_a_bucket_there_is_no_role() -> None:
    """And no rule."""
    resources = synthesise("local").templates["State"]["Resources"]
    assert not [id_ for id_ in resources if "Replication" in id_]
    assert "ReplicationConfiguration" not in resources["StateBucket"]["Properties"]
