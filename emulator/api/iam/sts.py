"""STS: tokens for others are no resources; condition keys say for whom they may be, and for how long.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_policies.html
"""

from urllib.parse import parse_qs

from emulator.api.iam.checks import ANY, Check, Request

_DEFAULT_SECONDS = "300"


def checks(request: Request) -> list[Check] | None:
    """The checks of a request for a token; None leaves others to ministack."""
    if request.action != "GetWebIdentityToken":
        return None
    form = parse_qs(request.body.decode("utf-8", "replace"))
    audiences = [values[0] for name, values in form.items() if name.startswith("Audience.member.")]
    keys = {
        "sts:IdentityTokenAudience": audiences,
        "sts:DurationSeconds": form.get("DurationSeconds", [_DEFAULT_SECONDS])[0],
        "sts:SigningAlgorithm": form.get("SigningAlgorithm", [""])[0],
    }
    return [Check(resource_arn=ANY, keys=keys)]
