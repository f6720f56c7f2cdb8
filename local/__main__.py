"""`python -m local`: the command-line program."""

from local.cli.program import main

if __name__ == "__main__":
    main()
