"""`python -m development`: the command-line program."""

from development.program import main

if __name__ == "__main__":
    main()
