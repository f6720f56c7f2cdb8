"""Tests of addons on one deployment, whose masters are processes: they report every set as ready.

With pods: tests/kubernetes/addons/.
"""

ZONE = "local.kubequorum.internal"
"""Of clusters/local.yaml."""
DOMAIN = f"apps.{ZONE}"
