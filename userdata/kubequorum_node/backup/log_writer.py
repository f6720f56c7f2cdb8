"""Writing change logs behind the end of the chain."""

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from kubequorum_node.backup import log_object, names
from kubequorum_node.backup.bucket import Bucket
from kubequorum_node.backup.chain import Chain
from kubequorum_node.backup.changes import Revision
from kubequorum_node.backup.errors import (
    BackupError,
    DamagedError,
    DivergedError,
    HoleError,
    ObjectExistsError,
)
from kubequorum_node.backup.follower import Follower, Line
from kubequorum_node.backup.gateway import Gateway

OBJECT_BYTES = 8 << 20
"""Of lines in one object: as much is never left in the buffer, and an object is one PUT."""
_LEASES_REMEMBERED = 2000


class LogWriter:
    """Extends one generation's chain; what it writes begins at the chain's end + 1."""

    def __init__(
        self,
        bucket: Bucket,
        *,
        generation: int,
        cluster_id: str,
        writer: str,
        end: int,
        gateway: Gateway,
        wall_time: Callable[[], float] = time.time,
    ) -> None:
        self._bucket = bucket
        self._chain = Chain(bucket, generation)
        self._cluster_id = cluster_id
        self._writer = writer
        self._gateway = gateway
        self._wall_time = wall_time
        self._granted: OrderedDict[int, int] = OrderedDict()
        self.end = end
        """The newest revision that is in the bucket."""
        self.objects = 0
        self.bytes = 0

    def flush(self, follower: Follower) -> int:
        """Write one object of what the follower has gathered; returns how many revisions it has.

        Raises:
            DamagedError: another writer's object is in the way, and it cannot be read.
            DivergedError: it is there, and of another history.
            HoleError: the follower's changes do not continue the chain.

        """
        follower.drop(self.end)
        lines = follower.peek(OBJECT_BYTES)
        if not lines:
            return 0
        first = self.end + 1
        if lines[0].revision != first:
            raise HoleError(
                f"the chain ends at revision {self.end}, and the changes begin at {lines[0].revision}"
            )
        body = log_object.encode(
            [(line.revision, line.text) for line in lines],
            events=sum(line.events for line in lines),
            cluster_id=self._cluster_id,
            writer=self._writer,
            written=self._wall_time(),
            leases=self._leases(lines),
        )
        key = names.log(self._chain.generation, first)
        try:
            self._bucket.create(key, body)
        except ObjectExistsError:
            # A request that was repeated after its answer was lost, or another writer.
            if self._bucket.read(key) != body:
                self._reread(first, lines)
                follower.drop(self.end)
                return 0
        self.end = lines[-1].revision
        follower.drop(self.end)
        self.objects += 1
        self.bytes += len(body)
        return len(lines)

    def _reread(self, first: int, lines: Sequence[Line]) -> None:
        """Continue behind what another writer has written."""
        own = {line.revision: line.text for line in lines}
        end = self.end
        for each in self._chain.follow(self.end):
            if isinstance(each, log_object.LogObject):
                for revision in each.revisions:
                    if revision.number in own and not _is_same(revision, own[revision.number]):
                        key = names.log(self._chain.generation, first)
                        raise DivergedError(f"revision {revision.number} has other changes in {key}")
                end = each.last
            elif end == self.end:
                raise DamagedError(f"the chain ends at revision {end}: {each.stopped}")
        self.end = end

    def _leases(self, lines: Sequence[Line]) -> dict[int, int]:
        """The granted seconds of the leases in some lines, as far as etcd still knows them."""
        wanted = sorted({lease for line in lines for lease in line.leases})
        found = {}
        for lease in wanted:
            if lease not in self._granted:
                try:
                    seconds = self._gateway.granted_ttl(lease)
                except BackupError:
                    continue
                if seconds is None:
                    continue
                self._granted[lease] = seconds
            self._granted.move_to_end(lease)
            found[lease] = self._granted[lease]
        while len(self._granted) > _LEASES_REMEMBERED:
            self._granted.popitem(last=False)
        return found


def _is_same(revision: Revision, line: str) -> bool:
    """Whether two writers saw the same changes; they saw them at different times."""
    return revision.events == Revision.from_document(json.loads(line)).events
