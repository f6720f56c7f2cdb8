"""Notes about holes, so that a listing shows them without reading every log."""

import json
from contextlib import suppress

from kubequorum_node.backup import names
from kubequorum_node.backup.bucket import Bucket
from kubequorum_node.backup.errors import ObjectExistsError


def note(bucket: Bucket, generation: int, first: int, last: int, *, why: str) -> None:
    """Note that the logs of some revisions are missing; rebuilding does not rely on it."""
    body = json.dumps({"first": first, "last": last, "why": why}, sort_keys=True)
    with suppress(ObjectExistsError):
        bucket.create(names.hole(generation, first), f"{body}\n".encode())
