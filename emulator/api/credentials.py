"""Who may call the API: the administrator, and instances through their roles.

IAM is enforced. The administrator is the account's root user: ministack takes a
twelve-digit access key for the account of that number. An instance gets a real
STS session of its role, so a permission that the role lacks fails here.
"""

from emulator.api.environment import ACCOUNT_ID
from emulator.interfaces.machines import Credentials


def administrator_environment(*, api_url: str, region: str) -> dict[str, str]:
    """Return what `cdk`, `aws` and boto3 need in their environment to act as the account's administrator.

    The caller takes AWS_PROFILE, AWS_SESSION_TOKEN and every AWS_ENDPOINT_URL_* out of that environment:
    they win over these.
    """
    return {
        "AWS_ENDPOINT_URL": api_url,
        "AWS_ACCESS_KEY_ID": ACCOUNT_ID,
        "AWS_SECRET_ACCESS_KEY": "administrator",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def for_instance_role(role_name: str, *, instance_id: str) -> Credentials:
    """Open an STS session of the role for an instance, as EC2 does for its metadata service.

    To be called in the account and region of the instance.

    Raises:
        emulator.api.sessions.RoleError: there is no such role, or it does not trust EC2.
    """
    # Here, so that callers who need only the administrator's environment do not load ministack.
    from emulator.api import sessions

    return sessions.open_for_instance(role_name, instance_id=instance_id)
