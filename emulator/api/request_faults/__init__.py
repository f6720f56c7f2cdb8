"""Faults of API requests: what stands before ministack and answers badly, late or not at all.

`front` is the ASGI application around ministack's, `rules` says which requests a
rule affects, `callers` whose request it is, and `answers` makes up replies.
"""
