"""One module a command. Each offers functions without any command-line parsing; `local.cli.app` does that."""
