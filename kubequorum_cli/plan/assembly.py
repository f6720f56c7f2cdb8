"""What the CDK app wants to deploy: the cloud assembly that a synthesis writes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubequorum_cli.errors import CommandError

Template = Mapping[str, Any]
_STACK = "aws:cloudformation:stack"
_SETTINGS = "Kubequorum::Settings"
"""Where the stack Addons has the cluster file, in a resource's metadata."""


@dataclass(frozen=True, kw_only=True)
class SynthesisedStack:
    """A stack of the app."""

    name: str
    """In CloudFormation."""
    template: Template
    body: str
    """The template's file."""
    url: str
    """s3:// where a deployment publishes the template."""
    tags: Mapping[str, str]
    account: str
    region: str


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """All of it."""

    stacks: tuple[SynthesisedStack, ...]
    """In the order of their deployment."""
    assets: Mapping[str, Path] = field(default_factory=dict)
    """Files by the last part of their keys in the asset bucket."""

    @property
    def cluster(self) -> str:
        """The name in the cluster file: that of the stacks, without their own part."""
        return self.stacks[0].name.rpartition("-")[0]

    @property
    def settings(self) -> Mapping[str, Any] | None:
        """The cluster file with its defaults."""
        found = [settings_in(stack.template) for stack in self.stacks]
        return next((each for each in found if each is not None), None)


def settings_in(template: Template) -> Mapping[str, Any] | None:
    """The cluster file that a template says it was made from; None if it does not say."""
    for resource in (template.get("Resources") or {}).values():
        settings = (resource.get("Metadata") or {}).get(_SETTINGS)
        if settings is not None:
            return dict(settings)
    return None


def read(folder: Path) -> Assembly:
    """Read a cloud assembly.

    Raises:
        CommandError: it is none of this app.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        artifacts = manifest["artifacts"]
        stacks = {id_: _stack(folder, id_, a) for id_, a in artifacts.items() if a["type"] == _STACK}
        assets = dict(_assets(folder))
        ordered = [stacks[id_] for id_ in _in_order(artifacts, list(stacks))]
    except (OSError, ValueError, LookupError) as error:
        raise CommandError(
            "the cloud assembly of the CDK is not understood",
            why=repr(error),
            remedy="use the CDK command line that package-lock.json pins: make install",
        ) from error
    if not ordered:
        raise CommandError("the CDK app has no stacks")
    return Assembly(stacks=tuple(ordered), assets=assets)


def _stack(folder: Path, id_: str, artifact: Mapping[str, Any]) -> SynthesisedStack:
    properties = artifact["properties"]
    body = (folder / properties["templateFile"]).read_text(encoding="utf-8")
    account, region = artifact["environment"].removeprefix("aws://").split("/")
    return SynthesisedStack(
        name=properties.get("stackName", id_),
        template=json.loads(body),
        body=body,
        url=properties.get("stackTemplateAssetObjectUrl", ""),
        tags=properties.get("tags", {}),
        account=account,
        region=region,
    )


def _in_order(artifacts: Mapping[str, Any], ids: list[str]) -> list[str]:
    """Each after those that it depends on."""
    ordered: list[str] = []

    def add(id_: str) -> None:
        if id_ in ordered:
            return
        for other in artifacts[id_].get("dependencies", []):
            if other in ids:
                add(other)
        ordered.append(id_)

    for id_ in ids:
        add(id_)
    return ordered


def _assets(folder: Path) -> list[tuple[str, Path]]:
    return [
        (destination["objectKey"].rpartition("/")[2], folder / asset["source"]["path"])
        for file in sorted(folder.glob("*.assets.json"))
        for asset in json.loads(file.read_text(encoding="utf-8"))["files"].values()
        for destination in asset["destinations"].values()
    ]
