"""What was built, asked of the AWS API alone, and how it is shown."""

from local.cli.report.collect import collect
from local.cli.report.model import Report
from local.cli.report.picture import show

__all__ = ["Report", "collect", "show"]
