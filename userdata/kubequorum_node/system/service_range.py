"""What becomes of packets to Services' addresses on a host whose kube-proxy does not run yet.

Nothing has such an address: kube-proxy translates it, and until it does a packet leaves the host by the
default route, and whoever sent it waits for a time-out. An API server asks each aggregated API before it is
ready (`poststarthook/apiservice-discovery-controller`), and on a new master kube-proxy comes only after that.
The rules run after kube-proxy's translation (nat, at priority -100), so they meet what nobody translated, and
refuse it at once, unless it comes too fast: an API server tries again whenever another one, which reaches the
aggregated API, has written that it is available. Refused each time, the two write in turns, hundreds of times
a second, and what the new one needs to be ready (`poststarthook/rbac/bootstrap-roles`) takes seconds longer.
https://wiki.nftables.org/wiki-nftables/index.php/Netfilter_hooks
"""

from kubequorum_node.node import Node

_REFUSED_AT_FIRST, _REFUSED_A_SECOND = 10, 2
"""So many packets are refused; what comes faster gets no answer, and its sender repeats it later."""
_PRIORITY = 10
"""After kube-proxy's own filter at 0, which rejects or drops by its own rules while it runs."""


def refuse_untranslated(node: Node) -> None:
    """Load the rules; they stay until the host ends.

    Raises:
        CommandError: nft refuses them.

    """
    node.host.run("nft", "-f", "-", stdin=rules(node.document.service_cidr))


def rules(service_cidr: str) -> str:
    """Rules for nftables, the same whether they are loaded once or again."""
    some = f"limit rate {_REFUSED_A_SECOND}/second burst {_REFUSED_AT_FIRST} packets"
    refusal = f"""\
    ip daddr {service_cidr} meta l4proto tcp {some} reject with tcp reset
    ip daddr {service_cidr} meta l4proto != tcp {some} reject
    ip daddr {service_cidr} drop"""
    chains = "\n".join(
        f"""\
  chain {hook} {{
    type filter hook {hook} priority {_PRIORITY}; policy accept;
{refusal}
  }}"""
        for hook in ("output", "forward")
    )
    return f"""\
table ip kubequorum-services
delete table ip kubequorum-services
table ip kubequorum-services {{
{chains}
}}
"""
