"""`reference`: write what is generated from the model of the cluster file and from tables of findings."""

from pathlib import Path

from kubequorum.config import reference
from kubequorum_cli.plan.page import page as plan
from kubequorum_cli.validate.page import page as findings
from lab.settings import CHECKOUT

FILES = {
    Path("docs/cluster-file.md"): reference.page,
    Path("clusters/schema.json"): reference.schema,
    Path("docs/operations/findings.md"): findings,
    Path("docs/operations/plan.md"): plan,
}
"""Each file with the function that generates its text; paths from the root of the checkout."""


def write_reference() -> None:
    """Write all files, and name those that changed."""
    for name, generate in FILES.items():
        path, text = CHECKOUT / name, generate()
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(text, encoding="utf-8")
        print(f"{name}: {'unchanged' if before == text else 'written'}")
