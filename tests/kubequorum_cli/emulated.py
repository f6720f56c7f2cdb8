"""A cluster in an emulated account, as the operator's program sees it."""

from pathlib import Path

import boto3

from emulator.api import credentials
from emulator.tests.api.emulator import REGION, Emulator
from kubequorum_cli.target import Target


def target_in(emulator: Emulator, cluster: str) -> Target:
    """The cluster with this name, for an administrator of the account."""
    variables = credentials.administrator_environment(api_url=emulator.url, region=REGION)
    session = boto3.session.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    return Target(cluster=cluster, session=session, endpoint_url=emulator.url, kubeconfig=Path("unused"))
