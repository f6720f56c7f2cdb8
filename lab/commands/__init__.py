"""One module a command, without command-line parsing: `development.app` does that."""
