"""Takes secrets out of texts: by what they look like, and those that this process knows itself.

It is the second line of defence: what is a secret as a whole is not asked for (`objects.py`, `aws.py`). A
text that looks like a secret and is none is lost, which costs support less than a key in a mail.
"""

import itertools
import re
from collections.abc import Iterable

LEFT_OUT = "[redacted]"
_SHORTEST_KNOWN = 8
_END_OF_KEY = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY-----")
_KEY_LINE = re.compile(r"(?:^|[\s\"'])[A-Za-z0-9+/=]{16,}\s*$")
_NAME = (
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|api[_-]?key|private[_-]?key|credentials?|access[_-]?key"
    r"|authorization|client[_-]?key[_-]?data|certificate[_-]?key|encryption[_-]?key|bearer"
)
SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
"""In the name of what has a secret as its value."""
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # PEM (RFC 7468), also inside JSON, with what a log writes before each line; one that is cut off, too.
    (
        re.compile(
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.S
        ),
        "",
    ),
    # JSON Web Tokens (RFC 7519): `{"` in base64url begins with eyJ.
    (re.compile(r"(?<![A-Za-z0-9_])eyJ[\w-]{8,2000}+\.[\w-]{4,}(?:\.[\w-]*)*"), ""),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    (re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"), ""),
    # https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/#bootstrap-token-format
    (re.compile(r"(?<![\w-])[a-z0-9]{6}\.[a-z0-9]{16}(?![\w-])"), ""),
    # What a signed URL of AWS carries, also that of a CloudFormation wait condition.
    (
        re.compile(
            r"((?:[?&]|\\u0026|%26)(?:X-Amz-)?(?:Signature|Credential|Security-Token|AWSAccessKeyId)=)[^&\s\"'\\]+",
            re.I,
        ),
        r"\1",
    ),
    (re.compile(r"(://)[^/\s@\"']+(?=@)"), r"\1"),
    (re.compile(r"(?<!\w)((?:bearer|basic)\s+)[\w.~+/=-]{6,}", re.I), r"\1"),
    # `name=value`, `name: value`, `--name value`, `"name":"value"`, also escaped.
    (
        re.compile(
            rf"((?:{_NAME})[\w.-]{{0,40}}?\\*[\"']?\s{{0,3}}[:=]\s{{0,3}}|--[\w-]{{0,40}}?(?:{_NAME})[\w-]{{0,40}}\s)"
            r"(?:\\*\"(?:[^\"\\\n]|\\[^\"])+|'[^'\n]+|[^\s\"',;&)}\]\\]+)",
            re.I,
        ),
        r"\1",
    ),
)
_BASE64 = re.compile(
    r"(?<![A-Za-z0-9+/])(?=[\w+/]{0,400}?[A-Z])(?=[\w+/]{0,400}?[a-z])(?=[\w+/]{0,400}?\d)[A-Za-z0-9+/]{40,}={0,2}"
)
"""Keys and certificates without their name: base64 of 30 bytes or more, but no hexadecimal sum."""
_END_OF_ID = re.compile(r"[0-9A-F]{8}$")
"""Of a logical id that the CDK has made: a hash. One base64 in 65,000 ends so, too."""
_PATH_PARTS = re.compile(r"[a-z0-9]*|[A-Za-z]*")
_SHORTEST = 40
_FEWEST_CHANGES = 0.35
"""Between capitals, small letters and digits, for each character: base64 has 0.64 on average, and less than
this once in 5,000 times at 40 characters; names in CamelCase have less."""


class Redaction:
    """Takes secrets out of texts, and counts them."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        """Begin.

        Args:
            known: values that appear nowhere, whatever they look like.
        """
        # The longest first: one may be a part of another.
        self._known = sorted(
            {value for value in known if len(value) >= _SHORTEST_KNOWN}, key=len, reverse=True
        )

    def text(self, text: str) -> tuple[str, int]:
        """The text without secrets, and how many places were changed."""
        count = 0
        for value in self._known:
            count += text.count(value)
            text = text.replace(value, LEFT_OUT)
        for pattern, kept in _PATTERNS:
            text, found = pattern.subn(kept + LEFT_OUT, text)
            count += found
        text, cut = _without_cut_keys(text)
        text, keys = _without_base64(text)
        return text, count + cut + keys


def _without_base64(text: str) -> tuple[str, int]:
    count = 0

    def replaced(found: re.Match[str]) -> str:
        nonlocal count
        if _is_name(found.group()):
            return found.group()
        count += 1
        return LEFT_OUT

    return _BASE64.sub(replaced, text), count


def _is_name(text: str) -> bool:
    """Whether what could be base64 is a name in CamelCase, or a path of words and sums."""
    if "+" in text or "=" in text:
        return False
    return all(
        _PATH_PARTS.fullmatch(part)
        or _END_OF_ID.search(part)
        or (len(part) >= _SHORTEST and _changes(part) < _FEWEST_CHANGES)
        for part in text.split("/")
    )


def _changes(text: str) -> float:
    kinds = ["d" if each.isdigit() else "u" if each.isupper() else "l" for each in text]
    return sum(one != other for one, other in itertools.pairwise(kinds)) / len(text)


def _without_cut_keys(text: str) -> tuple[str, int]:
    """Without the ends of private keys whose beginning is not in the text."""
    if not _END_OF_KEY.search(text):
        return text, 0
    lines = text.split("\n")
    count = 0
    for number, line in enumerate(lines):
        if _END_OF_KEY.search(line):
            lines[number] = LEFT_OUT
            count += 1
            before = number - 1
            while before >= 0 and _KEY_LINE.search(lines[before]):
                lines[before] = LEFT_OUT
                before -= 1
    return "\n".join(lines), count
