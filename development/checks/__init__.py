"""What `test` runs: the static checks, and pytest with a summary of its suites."""
