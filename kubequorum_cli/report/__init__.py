"""What was built, asked of the AWS API alone, and how it is shown."""

from kubequorum_cli.report.collect import Collector, collect
from kubequorum_cli.report.model import Report
from kubequorum_cli.report.tables import show

__all__ = ["Collector", "Report", "collect", "show"]
