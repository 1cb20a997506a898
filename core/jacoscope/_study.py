"""A study: the table of a comparison, with where and when it was made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._advice import Advice, measured_advice
from ._break_even import cheapest_row, total_s, winners_by_calls
from ._json import read_json
from ._measurement import COLUMNS, Measurement, Status, fits, shown
from ._roofline import RooflinePoint, roofline_points
from ._statistics import mark_ties, ties
from ._strategy import Quantity, plan
from ._wrong import wrong_message, wrong_strategies

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
_FIELDS = {"title": str, "empty_call_s": float | None, "f_s": float | None, "f_bytes": int | None}
_DISPATCH_FACTOR = 10  # a median below this many empty calls is mostly dispatch


@dataclass(frozen=True)
class Change:
    """How one strategy's time moved between two studies.

    Attributes:
        strategy: Its name.
        ratio: This study's median over the other's.
        moved: Whether that is beyond noise: told apart as rows of one study are.
    """

    strategy: str
    ratio: float
    moved: bool


@dataclass(frozen=True)
class Study:
    """The result of `compare`.

    Attributes:
        rows: One measurement a strategy, in the order of the comparison.
        title: What was differentiated.
        environment: Versions, processor, devices, load and date, as plain values.
        empty_call_s: Median seconds of a jitted call that does nothing: the cost of dispatch.
        f_s: Median seconds of the function itself; None where it was not timed, as by `autotune`.
        f_bytes: Predicted bytes of the function itself; None likewise.
    """

    rows: tuple[Measurement, ...]
    title: str = ""
    environment: Mapping[str, Any] = field(default_factory=dict)
    empty_call_s: float | None = None
    f_s: float | None = None
    f_bytes: int | None = None

    @property
    def too_small(self) -> bool:
        """Whether every time is mostly dispatch: all medians under ten empty calls."""
        medians = [row.median_s for row in self.rows if row.median_s is not None]
        if not medians or self.empty_call_s is None:
            return False
        return max(medians) < _DISPATCH_FACTOR * self.empty_call_s

    @property
    def hosts(self) -> tuple[str, ...]:
        """The machines that its rows were measured on, in the order of the rows."""
        return tuple(dict.fromkeys(row.host for row in self.rows if row.host))

    def best(self) -> Measurement | None:
        """Return the fastest row, of those that tie the one with least memory; None without.

        A row whose result is wrong is never returned. Rows of several hosts are taken as they
        are, and the reason of `advice` says so: a machine may be the faster one, and not a way.
        """
        timed = self.timed
        if not timed:
            return None
        fastest = min(timed, key=lambda row: row.q25_s or 0.0)
        if not fastest.tie:
            return fastest
        tied = [row for row in timed if row.tie]
        unknown = float("inf")

        def by_memory(row: Measurement) -> tuple[float, float]:
            return (
                unknown if row.predicted_bytes is None else row.predicted_bytes,
                row.median_s or 0.0,
            )

        return min(tied, key=by_memory)

    @property
    def advice(self) -> Advice | None:
        """What to use by these measurements; None where nothing was measured."""
        return measured_advice(self.rows, self.best())

    def cheapest(self, calls: int) -> Measurement | None:
        """Return the row that is cheapest for a number of calls, what comes before them included.

        Its total is prep_s + trace_s + lower_s + compile_s + calls × median_s. Of those within
        5 % of the least total the one with least memory, where rows that tie count as equally
        fast; a row whose result is wrong is never returned, nor an eager one, whose startup is
        unknown.

        Args:
            calls: How many calls with this program.

        Raises:
            ValueError: `calls` is no whole number, or below 0.
        """
        return cheapest_row(self.timed, calls)

    def total_s(self, strategy: str, calls: int) -> float | None:
        """Return the seconds that a number of calls take with a strategy, startup included.

        That is prep_s + trace_s + lower_s + compile_s + calls × median_s.

        Args:
            strategy: Its name.
            calls: How many; 0 is the startup alone.

        Returns:
            Seconds; None where startup or median is unknown.

        Raises:
            KeyError: There is no such row.
            ValueError: `calls` is no whole number, or below 0.
        """
        return total_s(self.row(strategy), calls)

    def winners_by_calls(self) -> tuple[tuple[int, str], ...]:
        """List which strategy has the least total for which number of calls.

        The plain totals are compared, without the 5 % of `cheapest`.

        Returns:
            `(from_calls, strategy)` in ascending order, the first from 1; empty without a row
            whose total is known.
        """
        return winners_by_calls(self.timed)

    def roofline(self) -> tuple[RooflinePoint, ...]:
        """Say how far each timed row is from the most that its device was seen to do.

        The ceilings stand in `environment["ceilings"]`, measured where the study was made.

        Returns:
            One point a row with known operations and bytes, and no wrong result; none where the
            ceilings are unknown, as under a tight limit of memory or time.
        """
        return roofline_points(self.timed, self.environment.get("ceilings"))

    @property
    def timed(self) -> list[Measurement]:
        """The rows with a time and no wrong result."""
        wrong = wrong_strategies(self.rows)
        return [
            row
            for row in self.rows
            if row.status == "ok" and row.median_s is not None and row.strategy not in wrong
        ]

    def row(self, strategy: str) -> Measurement:
        """Return the row of that strategy.

        Raises:
            KeyError: The study has none.
        """
        for row in self.rows:
            if row.strategy == strategy:
                return row
        names = ", ".join(row.strategy for row in self.rows)
        raise KeyError(f"There is no strategy {strategy!r} in this study. It has {names}.")

    def against(self, other: Study) -> tuple[Change, ...]:
        """Compare this study with an earlier one, strategy by strategy.

        Args:
            other: The study to compare with, of another day, version or machine.

        Returns:
            One change for each strategy that both have timed.
        """
        earlier = {row.strategy: row for row in other.rows if row.median_s is not None}
        return tuple(
            Change(row.strategy, row.median_s / before.median_s, not ties(row, before))
            for row in self.rows
            if row.median_s is not None
            and (before := earlier.get(row.strategy)) is not None
            and before.median_s
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the table as a pandas frame, one row a strategy; unknown is NaN or None."""
        import pandas as pd

        return pd.DataFrame([{name: getattr(row, name) for name in COLUMNS} for row in self.rows])

    def to_csv(self, path: str | Path) -> None:
        """Write the frame as CSV, unknown left empty."""
        self.to_frame().to_csv(path, index=False)

    def to_plain(self) -> dict[str, Any]:
        """Return everything, all samples included, as JSON values."""
        return {
            "schema": SCHEMA,
            "title": self.title,
            "environment": dict(self.environment),
            "empty_call_s": self.empty_call_s,
            "f_s": self.f_s,
            "f_bytes": self.f_bytes,
            "rows": [row.to_plain() for row in self.rows],
        }

    def to_json(self, path: str | Path) -> None:
        """Write everything as JSON; `from_json` reads it back."""
        Path(path).write_text(json.dumps(self.to_plain(), indent=1), encoding="utf-8")

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Study:
        """Build a study from `to_plain`'s dictionary.

        Raises:
            ValueError: It is not one, or of a schema that this version can't read.
        """
        if not isinstance(plain, Mapping) or "schema" not in plain:
            raise ValueError("This is not a study: it has no `schema`.")
        if plain["schema"] != SCHEMA:
            raise ValueError(
                f"This study has schema {shown(plain['schema'])}; this version reads {SCHEMA}."
            )
        rows = plain.get("rows")
        if not isinstance(rows, Sequence) or isinstance(rows, str):
            raise ValueError("This is not a study: it has no `rows`.")
        environment = plain.get("environment", {})
        if not isinstance(environment, Mapping):
            raise ValueError("This is not a study: its `environment` has no names.")
        rest = {name: plain[name] for name in _FIELDS if name in plain}
        for name, value in rest.items():
            if not fits(value, _FIELDS[name]):
                raise ValueError(f"A study's {name} can't be {shown(value)}.")
        made = tuple(Measurement.from_plain(row) for row in rows)
        return cls(rows=made, environment=dict(environment), **rest)

    @classmethod
    def from_json(cls, path: str | Path) -> Study:
        """Read what `to_json` wrote.

        Raises:
            ValueError: The file is not a study.
        """
        return cls.from_plain(read_json(Path(path).read_bytes(), str(path)))


def conclude(rows: Sequence[Measurement], f_s: float | None) -> tuple[Measurement, ...]:
    """Fill in what only the whole table tells: wrong results, ties, and costs in units of `f`."""
    wrong = wrong_strategies(rows)
    told = [_told(row) if row.strategy in wrong else row for row in rows]
    right = mark_ties([row for row in told if row.strategy not in wrong])
    tie_of = {row.strategy: row.tie for row in right}
    return tuple(
        row.but(
            tie=tie_of.get(row.strategy),
            cost_of_f=row.median_s / row.passes / f_s
            if row.median_s is not None and row.passes and f_s
            else row.cost_of_f,
        )
        for row in told
    )


def _told(row: Measurement) -> Measurement:
    said = wrong_message(row.error or 0.0)
    return row if said in row.message else row.but(message=f"{row.message} {said}".strip())


def hopeless(
    quantity: Quantity,
    status: Status,
    message: str,
    title: str = "",
    environment: Mapping[str, Any] | None = None,
) -> Study:
    """Make the study of a function that stops every strategy: each row says why."""
    rows = tuple(
        Measurement(
            quantity=quantity,
            strategy=each.name,
            mode=each.direction,
            batching=each.batching,
            order=each.order,
            status=status,
            message=message,
        )
        for each in plan(quantity, 0, 0, 1, ())
    )
    return Study(rows=rows, title=title, environment=environment or {})
