"""One study against another, as plain data both ways: for a worker, as either may be anyone's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ._json import read_json
from ._study import Study

_TOLD = ("jax", "jaxlib", "python", "processor", "host")  # of the environment
_LONGEST = 60  # characters of a value


def hold_against(here: Mapping[str, Any], there: Mapping[str, Any] | bytes) -> dict[str, Any]:
    """Say what moved from another study to this one, and what else is different.

    Args:
        here: A study, as `Study.to_plain` has it.
        there: The other one, likewise, or the content of a file that `Study.to_json` wrote.

    Returns:
        `changes`: a mapping for each strategy that both have timed, with `strategy`, `mode`,
        `here_s` and `there_s` (medians in seconds), `ratio` and `moved`; `different`: pairs of
        values by the name of what is not the same in both environments; and `same_shape`, whether
        the numbers of inputs and outputs are.

    Raises:
        ValueError: One of them is not a study.
    """
    found = read_json(there) if isinstance(there, bytes) else there
    one, other = Study.from_plain(here), Study.from_plain(found)
    medians = {row.strategy: row.median_s for row in other.rows}
    environments = [_environment(study) for study in (one, other)]
    shapes = [{(row.n_out, row.n_in) for row in study.rows} for study in (one, other)]
    return {
        "changes": [
            {
                **asdict(change),
                "mode": one.row(change.strategy).mode,
                "here_s": one.row(change.strategy).median_s,
                "there_s": medians[change.strategy],
            }
            for change in one.against(other)
        ],
        "different": {
            name: [ours, theirs]
            for name, ours, theirs in zip(_TOLD, *environments, strict=True)
            if ours != theirs
        },
        "same_shape": shapes[0] == shapes[1],
    }


def _environment(study: Study) -> list[str]:
    return [str(study.environment.get(name, ""))[:_LONGEST] for name in _TOLD]
