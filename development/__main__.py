"""The program that ./kubequorum starts."""

from development.app import build_app
from kubequorum_cli import program
from lab.explanations import EXPLANATIONS


def main() -> None:
    """Run the command line; ends the process."""
    program.run(build_app(), EXPLANATIONS)


if __name__ == "__main__":
    main()
