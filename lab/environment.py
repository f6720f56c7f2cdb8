"""The environment in which programs use the embedded AWS, and no other."""

import os
from collections.abc import Mapping

from emulator.api.credentials import administrator_environment
from lab.toolchain import Toolchain

_FOREIGN = ("AWS_", "CDK_")
_LOOPBACK = "127.0.0.1,localhost"

_CONFLICTING = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE")


def administrator(*, api_url: str, account: str, region: str) -> dict[str, str]:
    """The variables with which the CDK, the AWS CLI and boto3 use the embedded AWS as its administrator."""
    return {
        **administrator_environment(api_url=api_url, region=region),
        # The embedded AWS takes a key of twelve digits as the account with that number.
        "AWS_ACCESS_KEY_ID": account,
        # No profile of the user may add credentials or endpoints of real AWS.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": _LOOPBACK,
        "no_proxy": _LOOPBACK,
    }


def conflicting() -> list[str]:
    """The variables that would override those of `administrator`, or conflict with them."""
    return [*_CONFLICTING, *sorted(name for name in os.environ if name.startswith("AWS_ENDPOINT_URL_"))]


def for_children(variables: Mapping[str, str], toolchain: Toolchain | None = None) -> dict[str, str]:
    """This process's environment without its AWS and CDK variables, with the given ones."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    path = {"PATH": toolchain.search_path()} if toolchain is not None else {}
    return {**kept, **variables, **path}


def adopt(variables: Mapping[str, str]) -> None:
    """Replace this process's AWS and CDK variables by the given ones."""
    for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
        del os.environ[name]
    os.environ.update(variables)
