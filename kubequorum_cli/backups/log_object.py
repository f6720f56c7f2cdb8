"""Reading a log object: gzip of lines of JSON, a header, one line a revision, and a footer.

docs/backups.md has the format. What is read is verified first: an operator must not be promised a point that
cannot be restored to.
"""

import gzip
import hashlib
import json
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime

FORMAT = "kubequorum-etcd-log/1"


class DamagedLogError(Exception):
    """A log object is not what its sums and counts say, or it is gone."""


@dataclass(frozen=True)
class Moment:
    """A revision, and when a writer received it from etcd."""

    revision: int
    seen: datetime


@dataclass(frozen=True, kw_only=True)
class LogContent:
    """The revisions of a log object, without their changes."""

    moments: tuple[Moment, ...]
    """Of consecutive revisions, at least one."""

    @property
    def last(self) -> Moment:
        """The newest one."""
        return self.moments[-1]


def read(data: bytes, *, first: int) -> LogContent:
    """Read and verify a log object.

    Args:
        data: the object's body.
        first: the revision in its name.

    Raises:
        DamagedLogError: its sums, counts or revisions are not right.
    """
    try:
        lines = gzip.decompress(data).splitlines(keepends=True)
        header, footer = json.loads(lines[0]), json.loads(lines[-1])
        if header["format"] != FORMAT:
            raise DamagedLogError(f"its format is {header['format']}, and this program reads {FORMAT}")
        if hashlib.sha256(b"".join(lines[:-1])).hexdigest() != footer["sha256"]:
            raise DamagedLogError("its SHA-256 is another than its footer says")
        documents = [json.loads(line) for line in lines[1:-1]]
        moments = tuple(
            Moment(int(each["revision"]), datetime.fromtimestamp(float(each["seen"]), UTC))
            for each in documents
        )
        wanted = list(range(first, int(header["last"]) + 1))
    except (OSError, EOFError, zlib.error, LookupError, TypeError, ValueError, AttributeError) as error:
        raise DamagedLogError(f"it is not a log object, or only a part of one: {error!r}") from error
    if not moments or [moment.revision for moment in moments] != wanted:
        raise DamagedLogError(f"its revisions are not all of {first} to {header['last']}")
    return LogContent(moments=moments)
