"""Asks what a cluster is to be, each question with a default, and checks each answer at once."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from development.init import defaults
from development.init.account import Account
from development.init.answers import DEFAULT_REGION, PLACEHOLDER_ACCOUNT, Answers, Size
from development.init.document import check, write
from kubequorum.config.problem import Problem
from kubequorum_cli.errors import UsageError

Ask = Callable[[str, str], str]
"""From a question and its default to an answer, as somebody typed it."""
_EXPOSURES = ("internal", "public")


@dataclass(frozen=True, kw_only=True)
class _Question:
    field: str
    text: str
    key: str
    """In the cluster file: what is wrong with it is wrong with the answer."""
    option: str
    several: bool = False


_NAME = _Question(field="name", text="Name of the cluster", key="name", option="--name")
_REGION = _Question(field="region", text="AWS region", key="region", option="--region")
_ACCOUNT = _Question(field="account", text="AWS account", key="account", option="--account")
_SIZE = _Question(
    field="size", text="Size: ha (three masters) or dev (one small master)", key="", option="--size"
)
_ZONES = _Question(
    field="zones",
    text="Availability zones of the masters a, b, c, with commas",
    key="zones",
    option="--zones",
    several=True,
)
_EXPOSURE = _Question(
    field="exposure",
    text="API reached from the VPC (internal), or from the internet, too (public)",
    key="api.exposure",
    option="--exposure",
)
_CIDRS = _Question(
    field="allowed_cidrs",
    text="Ranges that may connect to the API, with commas",
    key="api.allowed_cidrs",
    option="--allowed-cidrs",
    several=True,
)
_ZONE_NAME = _Question(
    field="zone_name", text="DNS zone of the cluster's names", key="dns.zone_name", option="--zone-name"
)
_HOSTED = _Question(
    field="hosted_zone_id",
    text="Id of the public zone of that name; none for a new private one",
    key="dns.hosted_zone_id",
    option="--hosted-zone-id",
)
_NONE = "none"


class Interview:
    """Collects the answers, from options, from a person, or from defaults."""

    def __init__(self, given: Mapping[str, str | None], ask: Ask | None, tell: Callable[[str], None]) -> None:
        """Begin.

        Args:
            given: fields of `Answers` to what an option says of them.
            ask: asks a person; None takes the defaults.
            tell: shows a person what is wrong with an answer.
        """
        self._given = given
        self._ask = ask
        self._tell = tell

    def run(self, find_account: Callable[[str], Account]) -> tuple[Answers, Account]:
        """Ask everything.

        Args:
            find_account: the account, by a region.

        Raises:
            UsageError: what an option says cannot be.
        """
        answers = self._one(_NAME, Answers(zones=_guessed(Answers())), "mine")
        answers = self._one(_REGION, answers, _region(), also_zones=True)
        account = find_account(answers.region)
        answers = self._one(_ACCOUNT, answers, account.number() or PLACEHOLDER_ACCOUNT)
        answers = self._one(_SIZE, answers, str(Size.HA), also_zones=True)
        zones = defaults.zones(account, answers.region, answers.plan)
        answers = self._one(_ZONES, answers, ",".join(zones))
        answers = self._one(_EXPOSURE, answers, "internal")
        if answers.exposure == "public" or self._given.get("allowed_cidrs"):
            answers = self._one(_CIDRS, answers, "")
        answers = self._one(_ZONE_NAME, answers, f"{answers.name}.kubequorum.internal")
        answers = self._one(_HOSTED, answers, account.hosted_zone(answers.zone_name) or _NONE)
        plan = answers.plan
        return (
            replace(
                answers,
                vpc_cidr=defaults.vpc_cidr(account),
                image=defaults.image(account, plan),
                master_type=defaults.instance_type(account, plan.master_types, answers.zones),
                worker_type=defaults.instance_type(account, plan.worker_types, answers.zones),
            ),
            account,
        )

    def _one(
        self, question: _Question, before: Answers, default: str, *, also_zones: bool = False
    ) -> Answers:
        """The answers with one more."""
        given = self._given.get(question.field)
        while True:
            asks = given is None and self._ask is not None
            if given is not None:
                text = given.strip()
            else:
                text = (self._ask(question.text, default) if self._ask else default).strip()
            answers = replace(before, **{question.field: _value(question, text)})
            wrong = _wrong_choice(question, text)
            if not wrong:
                if also_zones:
                    # Until they are asked for.
                    answers = replace(answers, zones=_guessed(answers))
                wrong = _problem(question, answers)
            if not wrong:
                return answers
            if not asks:
                raise UsageError(
                    f"{question.option} {text!r} cannot be", why=wrong, remedy="name another value"
                )
            self._tell(wrong)


def _region() -> str:
    """As the AWS CLI takes it from its environment."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION


def _guessed(answers: Answers) -> tuple[str, ...]:
    return tuple(f"{answers.region}{letter}" for letter in "abc"[: answers.plan.zones])


def _value(question: _Question, text: str) -> Any:
    if question.several:
        return tuple(part for part in (each.strip() for each in text.split(",")) if part)
    if question is _SIZE:
        return Size(text) if text in list(Size) else Size.HA
    return "" if question is _HOSTED and text == _NONE else text


def _wrong_choice(question: _Question, text: str) -> str:
    choices = list(map(str, Size)) if question is _SIZE else _EXPOSURES if question is _EXPOSURE else ()
    return f"{text!r} is none of {', '.join(choices)}" if choices and text not in choices else ""


def _problem(question: _Question, answers: Answers) -> str:
    """What the checks of cluster files say of the key that was asked for."""
    if not question.key:
        return ""
    _, problems = check(write(answers, schema=False))
    return "\n".join(str(problem) for problem in problems if _is_about(problem, question.key))


def _is_about(problem: Problem, key: str) -> bool:
    return problem.key == key or problem.key.startswith((f"{key}.", f"{key}["))
