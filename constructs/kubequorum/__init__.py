"""The constructs that Kubequorum's stacks are made of."""
