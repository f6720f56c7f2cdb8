"""The environment in which programs speak to the embedded AWS, and to nothing else."""

import os
from collections.abc import Mapping

from emulator.api.credentials import administrator_environment
from lab.toolchain import Toolchain

_FOREIGN = ("AWS_", "CDK_")
_LOOPBACK = "127.0.0.1,localhost"

_RIVALS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE")


def administrator(*, api_url: str, account: str, region: str) -> dict[str, str]:
    """The variables that lead the CDK, the AWS CLI and boto3 to the embedded AWS as its administrator."""
    return {
        **administrator_environment(api_url=api_url, region=region),
        # A key of twelve digits means the account of that number.
        "AWS_ACCESS_KEY_ID": account,
        # No profile of the user's may add credentials or endpoints of the real AWS.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": _LOOPBACK,
        "no_proxy": _LOOPBACK,
    }


def rivals() -> list[str]:
    """The variables that would win over those of `administrator`, or spoil them, in this environment."""
    return [*_RIVALS, *sorted(name for name in os.environ if name.startswith("AWS_ENDPOINT_URL_"))]


def for_children(variables: Mapping[str, str], toolchain: Toolchain | None = None) -> dict[str, str]:
    """This process's environment without anything of AWS's or the CDK's, and with these variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    path = {"PATH": toolchain.search_path()} if toolchain is not None else {}
    return {**kept, **variables, **path}


def adopt(variables: Mapping[str, str]) -> None:
    """Make this process the administrator: every boto3 client made from now on speaks to the embedded AWS."""
    for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
        del os.environ[name]
    os.environ.update(variables)
