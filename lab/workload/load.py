"""A load on a cluster, for as long as something is done to the cluster."""

import json
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.workload.program import historian
from lab.workload.targets import Targets

_START_SECONDS = 90.0
"""A namespace must be created first; the program gives up after a minute."""
LAST_READS_SECONDS = 60.0


class LoadError(RuntimeError):
    """The clients could not start, or could not read everything at the end."""


@dataclass(kw_only=True)
class Load:
    """Running clients."""

    process: subprocess.Popen[str]
    history: Path
    """What they have observed so far, JSON lines; `judge` reads it once they have stopped."""
    log: Path
    began: float
    """`time.monotonic()` when the history's time was 0, to about 10 ms."""
    last_reads_seconds: float
    stopped: bool = False
    """Whether `stop` has been called, successfully or not."""

    def history_time(self) -> float:
        """Seconds since the load began, as the history counts."""
        return time.monotonic() - self.began

    def last_write(self, target: str) -> float | None:
        """When a client's last write was acknowledged, in the history's time; None if none was yet."""
        for line in reversed(self.history.read_text(encoding="utf-8").splitlines()):
            record = json.loads(line)
            if record["target"] == target and record["kind"] != "read" and record["outcome"] == "done":
                return float(record["return"]) / 1e9
        return None

    def stop(self) -> None:
        """Let every client finish its operation and read every key a last time.

        Raises:
            LoadError: some key could not be read; the history lacks its last read.
        """
        self.stopped = True
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(timeout=self.last_reads_seconds + 30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        if status != 0:
            raise LoadError(f"the clients failed with status {status}: {self.log.read_text().strip()}")


@contextmanager
def loading(
    targets: Targets,
    folder: Path,
    *,
    seed: int = 1,
    clients: int = 3,
    pause_seconds: float = 0.25,
    key_seconds: float = 10.0,
    last_reads_seconds: float = LAST_READS_SECONDS,
) -> Iterator[Load]:
    """Write and read until the end of the block, which stops the clients unless `stop` was called.

    Args:
        targets: what to write to.
        folder: for the history and its files; created if it does not exist.
        seed: of the clients' random choice of keys and operations.
        clients: of each target. Each does one operation at a time, every `pause_seconds`.
        pause_seconds: from the start of an operation to the start of the client's next one.
        key_seconds: how long the clients write to the same keys, before they go on to new ones.
        last_reads_seconds: the time in which every key must be readable at the end.

    Raises:
        LoadError: the clients could not start, or could not read everything at the end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    run = f"h{uuid.uuid4().hex[:8]}"
    config, history, log = folder / "load.json", folder / "history.jsonl", folder / "load.log"
    document = {
        "run": run,
        "seed": seed,
        "dns": targets.dns,
        "api": targets.api.document(f"history-{run}") if targets.api else None,
        "etcd": targets.etcd.document("/history/") if targets.etcd else None,
        "clients": clients,
        "pause": pause_seconds,
        "key_seconds": key_seconds,
        "final": last_reads_seconds,
    }
    config.write_text(json.dumps(document, indent=1), encoding="utf-8")
    command = inside(targets, historian(), "load", "--config", str(config), "--history", str(history))
    with log.open("w", encoding="utf-8") as errors:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    load = Load(process=process, history=history, log=log, began=began, last_reads_seconds=last_reads_seconds)
    try:
        _wait_for_start(load)
        yield load
        if not load.stopped:
            load.stop()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None  # noqa: S101 - asked for above
        process.stdout.close()


def inside(targets: Targets, program: Path, *arguments: str) -> list[str]:
    """The command that runs a program in the network of these targets' clients."""
    command = [str(program), *arguments]
    return command if targets.namespace is None else ["nsenter", f"--net={targets.namespace}", *command]


def _wait_for_start(load: Load) -> None:
    assert load.process.stdout is not None  # noqa: S101 - asked for above
    # It exits if it cannot start, and the line is empty then.
    if load.process.stdout.readline().strip() != "loading":
        load.process.wait(timeout=_START_SECONDS)
        raise LoadError(f"the clients could not start: {load.log.read_text().strip()}")
