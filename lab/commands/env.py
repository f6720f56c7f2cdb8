"""`env`: lines for a shell to evaluate."""

import shlex

from lab import embedded_aws, environment, toolchain
from lab.settings import Settings


def env(settings: Settings) -> None:
    """Print them to stdout.

    Raises:
        CommandError: the embedded AWS does not run.
    """
    variables = embedded_aws.require(settings).variables()
    print(f"unset {' '.join(environment.conflicting())}")
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
    if (tools := toolchain.find()) is not None:
        first = ":".join(shlex.quote(str(folder)) for folder in tools.folders())
        print(f'export PATH={first}:"$PATH"')
