"""`logs`: the log of the embedded AWS, or the console output of one of its instances."""

import sys
import time

from botocore.exceptions import ClientError

from kubequorum_cli.errors import CommandError
from lab import embedded_aws
from lab.settings import Settings
from lab.target import current

_POLL_SECONDS = 0.5


def show_log(settings: Settings, *, lines: int, follow: bool) -> None:
    """Print the end of the embedded AWS's log, and what is added until an interrupt if `follow`.

    Raises:
        CommandError: there is no log.
    """
    log = settings.emulator_log
    if not log.exists():
        raise CommandError("there is no log", why=f"{log} does not exist", remedy="start with: make up")
    with log.open(errors="replace") as file:
        sys.stdout.write("".join(file.readlines()[-lines:]))
        while follow:
            sys.stdout.write(file.read())
            sys.stdout.flush()
            if embedded_aws.find(settings) is None:
                return
            time.sleep(_POLL_SECONDS)


def show_console(settings: Settings, instance_id: str) -> None:
    """Print an instance's console output as GetConsoleOutput returns it.

    Raises:
        CommandError: the embedded AWS does not run, or there is no such instance.
    """
    client = current(settings).client("ec2")
    try:
        # boto3 decodes the base64.
        output = client.get_console_output(InstanceId=instance_id, Latest=True).get("Output", "")
    except ClientError as error:
        raise CommandError(
            f"there is no console output of {instance_id}",
            why=error.response["Error"].get("Message", str(error)),
            remedy="list the instances: make status",
        ) from error
    print(output, end="" if output.endswith("\n") else "\n")
