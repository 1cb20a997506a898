"""How far a comparison is, from the events of its job: for the page and for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Progress:
    """How far a comparison is.

    Attributes:
        done: Parts of the stage that are through.
        total: Parts of the stage; 0 before the plan is known.
        left_s: Estimated seconds left in the stage; None while unknown.
        stage: `queued`, `waiting`, `compile`, `time`, `memory`, or nothing yet.
        place: Place in the queue; None while unknown.
        strategies: How many the plan has.
        why: What it waits for, a sentence.
    """

    done: int = 0
    total: int = 0
    left_s: float | None = None
    stage: str = ""
    place: int | None = None
    strategies: int = 0
    why: str = ""

    def sentence(self) -> str:
        """Return it in words, as `3 of 9 strategies, 12 s left`."""
        left = "" if self.left_s is None else f", {max(self.left_s, 1):.0f} s left"
        match self.stage:
            case "queued" if self.place:
                return f"Waiting, place {self.place} in the queue"
            case "queued":
                return "Waiting for another comparison on this machine"
            case "waiting":
                return f"{self.why.rstrip('.')}. Waiting…"
            case "time":
                what = f"all {self.strategies} strategies" if self.strategies > 1 else "it"
                return f"Timing {what}, {self.percent} % through{left}"
            case "":
                return "Starting…"
            case stage:
                verb = {"compile": "Compiled", "memory": "Memory of"}.get(stage, "Done")
                return f"{verb} {self.done} of {self.total} strategies{left}"

    @property
    def percent(self) -> int:
        """How much of the stage is through, in percent."""
        return round(100 * self.done / self.total) if self.total else 0

    def after(self, event: Mapping[str, Any]) -> Progress:
        """Return how far it is once an event of the job has come."""
        match event["type"]:
            case "queued":
                return Progress(stage="queued", place=event["place"])
            case "waiting":
                return Progress(stage="waiting", why=event["why"])
            case "started":
                return Progress()
            case "plan":
                count = len(event["strategies"])
                return Progress(total=count, stage="compile", strategies=count)
            case "stage":
                return replace(
                    self,
                    done=event["done"],
                    total=event["total"],
                    left_s=event["left_s"],
                    stage=event["stage"],
                )
            case _:
                return self
