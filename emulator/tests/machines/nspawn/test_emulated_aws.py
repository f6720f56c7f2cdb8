"""Machines that boot behind the API: roles, power and DNS as seen from inside."""

from typing import Any

from emulator.tests.machines.nspawn.emulated import Aws

FETCH = """#!/bin/bash
set -a; . /etc/default/aws; set +a
imds=http://169.254.169.254/latest
token=$(curl -sf -X PUT $imds/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')
get() { curl -sf -H "X-aws-ec2-metadata-token: $token" "$imds/meta-data/iam/security-credentials/$1"; }
creds=$(get "$(get '')")
field() { sed -n 's/.*"'"$1"'" *: *"\\([^"]*\\)".*/\\1/p' <<<"$creds"; }
for bucket in open closed; do
  echo "$bucket: $(curl -s -K- -w ' %{http_code}' "$AWS_ENDPOINT_URL/$bucket/key" <<END
aws-sigv4=aws:amz:us-east-1:s3
user="$(field AccessKeyId):$(field SecretAccessKey)"
header="x-amz-security-token: $(field Token)"
END
  )" | tr '\\n' ' '; echo
done
echo fetched
"""


def test_user_data_calls_aws_with_the_permissions_of_its_role(aws: Aws) -> None:
    """The credentials from the metadata service open what the role may open, and nothing else."""
    s3 = aws.client("s3")
    for bucket in ("open", "closed"):
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    profile = aws.make_profile(
        "reader", {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::open/*"}
    )
    one = aws.launch(FETCH, profile=profile)
    aws.until(lambda: "fetched" in aws.console(one), lambda: aws.console(one))
    assert "open: content 200" in aws.console(one)
    assert "AccessDenied" in aws.console(one)
    aws.client("ec2").terminate_instances(InstanceIds=[one])


def test_a_guest_that_switches_itself_off_stops_its_instance(aws: Aws) -> None:
    """EC2 says stopped; started again, the machine has its disk, and user-data does not run a second time."""
    one = aws.launch("#!/bin/sh\necho was here\nsystemctl poweroff --no-block\n")
    aws.until(lambda: _state(aws, one) == "stopped", lambda: aws.console(one))
    aws.client("ec2").start_instances(InstanceIds=[one])
    aws.until(
        lambda: aws.console(one).count("Reached target cloud-init.target") > 0, lambda: aws.console(one)
    )
    assert aws.console(one).count("was here") == 1
    assert _state(aws, one) == "running"
    aws.client("ec2").terminate_instances(InstanceIds=[one])


def test_names_of_a_private_zone_follow_route53(aws: Aws) -> None:
    """A record that is made resolves in the VPC at once; one that is changed does when its time is over."""
    machine = aws.launch("")
    route53 = aws.client("route53")
    zone = route53.create_hosted_zone(
        Name="example.internal", CallerReference="1", VPC={"VPCRegion": "us-east-1", "VPCId": aws.vpc_id}
    )["HostedZone"]["Id"]
    aws.until(lambda: _state(aws, machine) == "running", lambda: _state(aws, machine))
    assert aws.resolve("db-a.example.internal") == []
    for address in ("10.20.0.77", "10.20.0.78"):
        upsert(route53, zone, "db-a.example.internal", address)
        assert aws.resolve("db-a.example.internal") == ["10.20.0.77"]
    aws.until(lambda: aws.resolve("db-a.example.internal") == ["10.20.0.78"], lambda: "the old address stays")
    aws.client("ec2").terminate_instances(InstanceIds=[machine])


def upsert(route53: Any, zone: str, name: str, address: str) -> None:
    """Set an A record that is good for two seconds."""
    record = {"Name": name, "Type": "A", "TTL": 2, "ResourceRecords": [{"Value": address}]}
    route53.change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]},
    )


def _state(aws: Aws, instance_id: str) -> str:
    answer = aws.client("ec2").describe_instances(InstanceIds=[instance_id])
    return str(answer["Reservations"][0]["Instances"][0]["State"]["Name"])
