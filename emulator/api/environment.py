"""Settings of ministack: it reads them from environment variables when it is imported, so they come first."""

import os

ACCOUNT_ID = "000000000000"
"""The one account of the emulator."""

_UNSET = (
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "AWS_ENDPOINT_URL",
)


def apply(*, port: int, region: str, log_level: str) -> None:
    """Set them for this process. Call it before anything imports ministack.

    IAM is enforced, only loopback is bound, nothing is kept on disk, and the
    listeners that ministack opens beside its API stay closed.
    """
    for name in _UNSET:
        os.environ.pop(name, None)
    os.environ.update(
        {
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_HOST": "localhost",
            "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
            "MINISTACK_REGION": region,
            "AWS_ACCESS_KEY_ID": ACCOUNT_ID,
            "AWS_SECRET_ACCESS_KEY": "administrator",
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PERSIST_STATE": "0",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent/docker.sock",
            "LOG_LEVEL": log_level.upper(),
        }
    )
