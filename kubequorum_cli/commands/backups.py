"""`backups`: what the cluster's etcd can be restored to."""

import json

from kubequorum_cli.backups import BackupBucket, report
from kubequorum_cli.console import Progress, stdout
from kubequorum_cli.target import Target


def backups(target: Target, *, as_json: bool) -> None:
    """Print it to stdout.

    Raises:
        CommandError: the cluster has no State stack, or an object in its bucket cannot be read.
    """
    with Progress().stage("reading the backups"):
        found = report.collect(BackupBucket(target))
    if as_json:
        print(json.dumps({**target.details, **report.document(found)}, indent=2))
    else:
        report.show(found, stdout())
