"""What has happened in a cluster, by AWS and by Kubernetes, in one order of time."""

from kubequorum_cli.events.model import Event
from kubequorum_cli.events.reading import Happened, collect

__all__ = ["Event", "Happened", "collect"]
