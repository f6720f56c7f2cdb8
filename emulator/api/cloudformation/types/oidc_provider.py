"""OpenID Connect providers of IAM."""

from typing import Any

from emulator.api import patches
from emulator.api.calls import call
from emulator.api.cloudformation.registry import Properties, Provisioned, Resource, ResourceType
from emulator.api.cloudformation.types.values import delete_unless_gone, tag_list

_PROVIDERS = patches.declare(
    "ministack.services.iam",
    "_oidc_providers",
    why="ministack's API has no calls that change a provider's client ids, thumbprints and tags",
)


class OidcProvider(ResourceType):
    """AWS::IAM::OIDCProvider; its Ref is its ARN."""

    name = "AWS::IAM::OIDCProvider"
    replaced_by = ("Url",)
    tag_property = "Tags"

    def create(self, resource: Resource) -> Provisioned:
        """Create it.

        Raises:
            ValueError: IAM would have to fetch the provider's certificate.
            CallError: the account has a provider of that URL.
        """
        properties = resource.properties
        if not properties.get("ThumbprintList"):
            # https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
            raise ValueError("IAM would fetch the certificate of the provider's server: give ThumbprintList")
        arn = call("iam", "create_open_id_connect_provider", Url=properties["Url"], **_settings(properties))[
            "OpenIDConnectProviderArn"
        ]
        return Provisioned(arn, {"Arn": arn})

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Change its client ids, thumbprints and tags."""
        del old
        _PROVIDERS.get()[physical_id].update(_settings(resource.properties))
        return Provisioned(physical_id, {"Arn": physical_id})

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete it; roles that trust it stay, and nobody can assume them."""
        del properties
        delete_unless_gone(
            "iam",
            "delete_open_id_connect_provider",
            gone=("NoSuchEntity",),
            OpenIDConnectProviderArn=physical_id,
        )


def _settings(properties: Properties) -> dict[str, Any]:
    return {
        "ClientIDList": [str(client) for client in properties.get("ClientIdList") or []],
        "ThumbprintList": [str(thumbprint) for thumbprint in properties["ThumbprintList"]],
        "Tags": tag_list(properties),
    }
