"""Security: what is encrypted, namespaces, and issuers of tokens that must not pass as somebody else."""

import ssl
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem
from kubequorum.config.security import OidcIssuer

_EXEMPT = "kube-system"
_TAKEN_PREFIXES = {
    "system:": "Kubernetes' own users and groups begin with it: a token could make its bearer a master",
    "kubeadm:": "kubeadm's group of administrators begins with it",
}


def security_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check the sections `security` and `oidc_issuers`."""
    yield from _encryption(cluster.security.encrypted_resources)
    if _EXEMPT in cluster.security.namespaces:
        yield Problem(
            f"security.namespaces.{_EXEMPT}",
            cluster.security.namespaces[_EXEMPT],
            "is exempt: the control plane itself runs there",
            "remove it",
        )
    for index, issuer in enumerate(cluster.oidc_issuers):
        yield from _issuer(f"oidc_issuers.{index}", issuer)
    with_groups = [issuer for issuer in cluster.oidc_issuers if issuer.groups_claim]
    for key, issuers in (
        ("url", cluster.oidc_issuers),
        ("username_prefix", cluster.oidc_issuers),
        ("groups_prefix", with_groups),
    ):
        counted = Counter(getattr(issuer, key) for issuer in issuers)
        for value, count in counted.items():
            if count > 1:
                yield Problem(
                    "oidc_issuers",
                    value,
                    f"is the {key} of {count} issuers: users of one could pass as users of another",
                    f"give each issuer another {key}",
                )


def _encryption(resources: tuple[str, ...]) -> Iterator[Problem]:
    key = "security.encrypted_resources"
    if "secrets" not in resources:
        yield Problem(key, list(resources), "does not have secrets", "add secrets")
    for name, count in Counter(resources).items():
        if count > 1:
            yield Problem(key, name, f"is listed {count} times", "list it once")


def _issuer(key: str, issuer: OidcIssuer) -> Iterator[Problem]:
    if wrong := _wrong_url(issuer.url):
        shown = None if "@" in issuer.url else issuer.url
        yield Problem(f"{key}.url", shown, wrong, "write it as the tokens' claim iss has it")
    if len(set(issuer.audiences)) < len(issuer.audiences):
        yield Problem(f"{key}.audiences", list(issuer.audiences), "names one twice", "name each once")
    for field in ("username_prefix", "groups_prefix"):
        prefix = getattr(issuer, field)
        if reason := _TAKEN_PREFIXES.get(prefix):
            yield Problem(f"{key}.{field}", prefix, f"is taken: {reason}", "use another, e.g. oidc:")
    if issuer.certificate_authority is not None and (wrong := _wrong_pem(issuer.certificate_authority)):
        yield Problem(
            f"{key}.certificate_authority", None, f"is no certificate in PEM: {wrong}", "paste the CA's PEM"
        )


def _wrong_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError as error:
        return f"is no URL: {error}"
    if parts.scheme != "https" or not host or any(c.isspace() or not c.isprintable() for c in url):
        return "is no https URL"
    if parts.username is not None or parts.password is not None:
        return "has a user name or password"
    if "?" in url or "#" in url:
        return "has a query or fragment"
    return ""


def _wrong_pem(text: str) -> str:
    if not text.isascii():
        return "has characters that are not ASCII"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        return str(error)
    return ""
