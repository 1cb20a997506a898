"""A benchmark's cases each in a process of its own, which remembers no choice of another's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any


def apart(script: str, *arguments: str) -> dict[str, Any] | str:
    """Run a script in a new process; return the JSON of its last line, or say why it failed.

    Args:
        script: Its path.
        arguments: What follows it on the command line.
    """
    done = subprocess.run(
        [sys.executable, script, *arguments],
        env={**os.environ, "JACOSCOPE_CACHE": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return f"exit code {done.returncode}: {done.stderr.strip().splitlines()[-1:]}"
    return json.loads(done.stdout.splitlines()[-1])
