"""How tests run `init`: with options, or with the answers of a person."""

from collections.abc import Callable

from kubequorum.config import Cluster

Run = Callable[..., tuple[Cluster, str, str]]


def person(*answers: str) -> Callable[[str, str], str]:
    """Types these; `.` takes the default."""
    left = iter(answers)

    def ask(question: str, default: str) -> str:
        del question
        return default if (typed := next(left)) == "." else typed

    return ask
