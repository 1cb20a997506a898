"""Write constraints.txt: every version that the two supported stacks resolve to.

    python .ci/pin.py python3.11 python3.13

JAX and Panel's newest releases need Python 3.12, so the versions differ below and above it; the
first interpreter speaks for Python 3.11, the second for 3.12 and later. Nothing is installed: pip
is asked what it would install in a new environment.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
WANTED = [f"{ROOT}[dev,sparse,cluster]", "hatchling"]
HEADER = """\
# Every version that Jacoscope is tested with: pip install -c constraints.txt …
# Written by .ci/pin.py; change pyproject.toml and run it again rather than editing this file.
"""


def resolve(python: str) -> dict[str, str]:
    """Return name → version of all that pip would install for `python`."""
    with tempfile.TemporaryDirectory() as folder:
        environment, report = Path(folder, "venv"), Path(folder, "report.json")
        subprocess.run([python, "-m", "venv", environment], check=True)
        pip = [environment / "bin" / "python", "-m", "pip", "install", "--dry-run", "--quiet"]
        subprocess.run([*pip, "--ignore-installed", "--report", report, *WANTED], check=True)
        installs = json.loads(report.read_text())["install"]
    found = {
        re.sub(r"[-_.]+", "-", each["metadata"]["name"]).lower(): each["metadata"]["version"]
        for each in installs
    }
    found.pop("jacoscope")
    return found


def merge(below: dict[str, str], above: dict[str, str]) -> list[str]:
    """Return one line per package, or two with markers where the stacks differ."""
    lines = []
    for name in sorted({*below, *above}):
        if name in below and name in above and below[name] != above[name]:
            lines.append(f'{name}=={below[name]} ; python_version < "3.12"')
            lines.append(f'{name}=={above[name]} ; python_version >= "3.12"')
        else:
            lines.append(f"{name}=={below.get(name, above.get(name))}")
    return lines


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    lines = merge(resolve(sys.argv[1]), resolve(sys.argv[2]))
    (ROOT / "constraints.txt").write_text(HEADER + "\n".join(lines) + "\n")
    print(f"{len(lines)} lines written to constraints.txt")
    return 0


if __name__ == "__main__":
    sys.exit(main())
