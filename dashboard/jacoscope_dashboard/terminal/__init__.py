"""Jacoscope in a terminal: what `jacoscope compare`, `advise` and `explore` do.

Nothing here needs Panel, and reading the command line needs no JAX either.
"""
