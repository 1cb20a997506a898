"""What is wrong with a command line, found after its words were read one by one."""

from __future__ import annotations


class CommandLineError(ValueError):
    """A sentence on what was written and what to write instead; the exit code is 2."""
