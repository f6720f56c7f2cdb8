"""The section `network.calico`: which Calico a cluster with that pod network has."""

from pydantic import Field

from kubequorum.config.section import Section
from kubequorum.versions import CALICO_KINDS, DEFAULT_CALICO_VERSION


class Calico(Section):
    """Calico, for `plugin: calico`; a change of it replaces no machine."""

    version: str = Field(
        default=DEFAULT_CALICO_VERSION,
        description=(
            f"version, without a leading v: {' or '.join(CALICO_KINDS)}; its images are calico/node, "
            "calico/cni and calico/kube-controllers of quay.io or of kubernetes.image_repository"
        ),
        examples=[DEFAULT_CALICO_VERSION],
    )
