"""`logs`: what the embedded AWS prints, or what one of its instances does."""

import sys
import time

import boto3
from botocore.exceptions import ClientError

from kubequorum_cli.errors import CommandError
from lab import embedded_aws as emulator
from lab import environment
from lab.settings import Settings

_POLL_SECONDS = 0.5


def of_embedded_aws(settings: Settings, *, lines: int, follow: bool) -> None:
    """Print the end of its log, and go on until interrupted if asked to."""
    log = settings.emulator_log
    if not log.exists():
        raise CommandError("there is no log", why=f"{log} does not exist", remedy="start with: make up")
    with log.open(errors="replace") as file:
        sys.stdout.write("".join(file.readlines()[-lines:]))
        while follow:
            sys.stdout.write(file.read())
            sys.stdout.flush()
            if emulator.find(settings) is None:
                return
            time.sleep(_POLL_SECONDS)


def of_instance(settings: Settings, instance_id: str) -> None:
    """Print its console output as GetConsoleOutput gives it."""
    environment.adopt(emulator.require(settings).variables())
    client = boto3.client("ec2")
    try:
        # boto3 decodes the base64.
        output = client.get_console_output(InstanceId=instance_id, Latest=True).get("Output", "")
    except ClientError as error:
        raise CommandError(
            f"there is no console output of {instance_id}",
            why=error.response["Error"].get("Message", str(error)),
            remedy="`make status` lists the instances",
        ) from error
    print(output, end="" if output.endswith("\n") else "\n")
