"""Asks sources side by side and puts what they answer into the archive. No source ends the dump."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from kubequorum_cli.dump.archive import Archive
from kubequorum_cli.dump.content import Content, to_text
from kubequorum_cli.dump.manifest import File, Missing
from kubequorum_cli.dump.redaction import Redaction
from kubequorum_cli.errors import reason_of

_PARALLEL = 8
_MOST_BYTES = 8 * 1024 * 1024
"""Of one file; of a longer text the end is kept."""
_LONGEST_REASON = 600


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file of the archive."""

    path: str
    about: str
    """What it is, for people."""
    ask: Callable[[], Content]
    """May raise anything: that is why the file is missing."""


class Gathering:
    """Fills an archive."""

    def __init__(self, archive: Archive, redaction: Redaction, show: Callable[[str], None]) -> None:
        """Begin.

        Args:
            archive: gets the files.
            redaction: takes secrets out of them.
            show: gets the name of a file that is asked for.
        """
        self._archive = archive
        self._redaction = redaction
        self._show = show
        self._lock = threading.Lock()
        self.files: list[File] = []
        self.missing: list[Missing] = []

    def run(self, sources: Iterable[Source]) -> dict[str, Content]:
        """Ask all of them; path to what was answered, with its secrets. Those that failed are not in it."""
        wanted = list(sources)
        with ThreadPoolExecutor(_PARALLEL) as pool:
            answers = list(pool.map(self._ask, wanted))
        return {
            source.path: answer for source, answer in zip(wanted, answers, strict=True) if answer is not None
        }

    def miss(self, path: str, about: str, error: Exception) -> None:
        """Record that a file cannot be had."""
        # An error may repeat what it was about.
        why, _ = self._redaction.text(reason_of(error))
        with self._lock:
            self.missing.append(Missing(path=path, about=about, why=why[:_LONGEST_REASON]))

    def _ask(self, source: Source) -> Content | None:
        self._show(source.path)
        try:
            content = source.ask()
            text, redacted = to_text(content, self._redaction)
        # Whatever an answer is that nobody expected: the others are wanted all the same.
        except Exception as error:
            self.miss(source.path, source.about, error)
            return None
        data = text.encode(errors="replace")
        kept = data[-_MOST_BYTES:]
        self._archive.add(source.path, kept)
        with self._lock:
            self.files.append(
                File(
                    path=source.path,
                    about=source.about,
                    bytes=len(kept),
                    redacted=redacted,
                    cut=len(kept) < len(data),
                )
            )
        return content
