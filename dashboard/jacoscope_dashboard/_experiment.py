"""The state of the page: which problem, which way, which limits. No Panel here.

`Experiment` is what the drawer edits, the URL holds and every job is made from. Its plain form
is `spec()`; two experiments with equal specs give equal results.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

import param

from jacoscope.problems import Family, Knob, KnobValue, families, family

from ._quantities import QUANTITIES
from ._reading import read_bytes, read_count, read_knob, read_seconds
from ._vector_choice import FIRST, choice_text, read_choice

OWN = "your_function"
ALL = "all"
MODES = {"auto": "Auto", "forward": "Forward", "reverse": "Reverse"}
ORDERS = {
    "forward_over_reverse": "Forward over reverse",
    "reverse_over_forward": "Reverse over forward",
    "reverse_over_reverse": "Reverse over reverse",
    "full_hessian": "Full Hessian",
}
BATCHINGS = {
    "auto": "Auto",
    "loop": "Loop",
    "map": "Map",
    "vmap": "Vmap",
    "chunked": "Chunked",
    "colored": "Colored",
}
LARGEST_COUNT = 1_000_000
RADII = [1.0, 0.5, 0.2, 0.05]
POLICIES = {
    "nothing_saveable": "Keep nothing",
    "dots_saveable": "Keep products",
    "dots_with_no_batch_dims_saveable": "Keep products without batch",
    "everything_saveable": "Keep everything",
}
SHOWN_FIELDS = (
    "tangent",
    "cotangent",
    "radius",
    "policy",
    "grows",
    "structure",
)  # nothing is measured anew for them

_FOREIGN = frozenset({"theme", "tab"})
_LONGEST_QUERY = 4_000


class Experiment(param.Parameterized):
    """What is differentiated, in which way, and within which limits."""

    problem = param.Selector(
        default=families()[0].name,
        objects=[*(each.name for each in families()), OWN],
        doc="Name of the gallery's problem, or `your_function`.",
    )
    knobs = param.Dict(default={}, doc="Knobs that differ from the problem's defaults.")
    quantity = param.Selector(default="jacobian", objects=list(QUANTITIES))
    mode = param.Selector(default="auto", objects=list(MODES))
    order = param.Selector(default="forward_over_reverse", objects=list(ORDERS))
    batching = param.Selector(default="auto", objects=list(BATCHINGS))
    chunk_size = param.Integer(default=None, bounds=(1, LARGEST_COUNT), allow_None=True)
    vectors = param.Integer(default=None, bounds=(1, LARGEST_COUNT), allow_None=True)
    device = param.String(default=None, allow_None=True, doc="As `cpu:0` or `all`; None: the first")
    memory_limit = param.String(default=None, allow_None=True, doc="As `2GB`; None is no limit.")
    time_limit = param.Number(default=60.0, bounds=(0.1, 86_400.0), doc="Seconds, all in all.")
    tangent = param.String(default=FIRST, doc="What JVP and HVP take; see `read_choice`.")
    cotangent = param.String(default=FIRST, doc="What VJP takes.")
    radius = param.Selector(default=0.5, objects=RADII, doc="Of the circle that f itself takes.")

    policy = param.Selector(
        default="nothing_saveable", objects=list(POLICIES), doc="What a checkpoint may keep."
    )
    structure = param.Selector(
        default="hidden", objects=["hidden", "shown"], doc="Of the matrix, below it."
    )
    grows = param.String(default="", doc="What a sweep is over; empty for the first there is.")
    own = param.String(default="", doc="Which of one's own functions; not in a link.")

    FIELDS: ClassVar[tuple[str, ...]] = (
        "quantity",
        "mode",
        "order",
        "batching",
        "chunk_size",
        "vectors",
        "device",
        "memory_limit",
        "time_limit",
        *SHOWN_FIELDS,
    )
    WATCHED: ClassVar[tuple[str, ...]] = ("problem", "knobs", "own", *FIELDS)

    def __init__(self, home: str = families()[0].name, why_no_own: str = "", **params: Any) -> None:
        """Start at the home problem.

        Args:
            home: The problem where a link names none; `your_function` where one was given.
            why_no_own: Why no function of one's own can be named, in a sentence; empty where one
                can be.
            **params: See the class.
        """
        super().__init__(**({"problem": home} | params))
        self._home, self._why_no_own = home, why_no_own

    @property
    def family(self) -> Family | None:
        """The family of the problem; None for one's own function."""
        return None if self.problem == OWN else family(self.problem)

    @property
    def first_knob(self) -> Knob | None:
        """The knob that stands in sight."""
        return next(iter(self.family.knobs.values())) if self.family else None

    def resolved_knobs(self) -> dict[str, KnobValue]:
        """Return every knob of the problem with its value; a value that no longer fits is left."""
        if self.family is None:
            return {}
        return {
            name: self.knobs[name] if _allowed(knob, self.knobs.get(name)) else knob.default
            for name, knob in self.family.knobs.items()
        }

    def set_knob(self, name: str, value: KnobValue) -> None:
        """Set one knob.

        Raises:
            ValueError: The problem has no such knob, or the value is not allowed.
        """
        knobs = self.family.knobs if self.family else {}
        if name not in knobs:
            raise ValueError(f"This problem has no knob {name!r}.")
        self.knobs = {**self.knobs, name: knobs[name].check(value)}

    def memory_bytes(self) -> int | None:
        """Return the memory limit in bytes; None where there is none."""
        return read_bytes(self.memory_limit) if self.memory_limit else None

    def reset(self) -> None:
        """Put everything but the problem back to its default."""
        self.param.update(knobs={}, **{name: self.param[name].default for name in self.FIELDS})

    def spec(self) -> dict[str, Any]:
        """Return the experiment as plain values."""
        return {
            "problem": self.problem,
            "own": self.own if self.problem == OWN else "",
            "knobs": self.resolved_knobs(),
            **{name: getattr(self, name) for name in self.FIELDS},
        }

    def to_query(self) -> str:
        """Return what a URL needs to restore the experiment: whatever isn't at its default."""
        items: dict[str, object] = {}
        if self.problem != self._home:
            items["problem"] = self.problem
        if self.family:
            defaults = {name: knob.default for name, knob in self.family.knobs.items()}
            items |= {k: v for k, v in self.resolved_knobs().items() if v != defaults[k]}
        for name in self.FIELDS:
            value = getattr(self, name)
            if value != self.param[name].default:
                items[name] = f"{value:g}" if isinstance(value, float) else value
        return urlencode(items)

    def read_query(self, query: str) -> list[str]:
        """Take the experiment from a URL's query; what it leaves out goes to its default.

        Args:
            query: The part behind the question mark, from anyone and with anything in it.

        Returns:
            A sentence for each part that was not understood and left at its default.
        """
        pairs, notices = _pairs(query)
        problem = self._home
        if "problem" in pairs and self._home != OWN:
            wanted = pairs.pop("problem")
            if wanted == OWN and self._why_no_own:
                notices.append(self._why_no_own)
            elif wanted == OWN or wanted in {each.name for each in families()}:
                problem = wanted
            else:
                notices.append(f"The link names a problem that isn't here: {_shown(wanted)}.")
        knobs = {} if problem == OWN else family(problem).knobs
        values: dict[str, Any] = {name: self.param[name].default for name in self.FIELDS}
        chosen: dict[str, KnobValue] = {}
        for key, text in pairs.items():
            try:
                if key in knobs:
                    chosen[key] = read_knob(knobs[key], text)
                elif key in values:
                    values[key] = self._read_field(key, text)
                elif key not in _FOREIGN:
                    notices.append(f"The link has a part that means nothing here: {_shown(key)}.")
            except ValueError as error:
                notices.append(f"The link's {key} = {_shown(text)} was left out. {error}")
        self.param.update(problem=problem, knobs=chosen, **values)
        return notices

    def blank(self) -> Experiment:
        """Return a new experiment that a link can bring to the same problems as this one."""
        return Experiment(self._home, self._why_no_own)

    @classmethod
    def from_query(cls, query: str) -> tuple[Experiment, list[str]]:
        """Return a new experiment from a URL's query, and `read_query`'s sentences."""
        experiment = cls()
        return experiment, experiment.read_query(query)

    def _read_field(self, name: str, text: str) -> object:
        if name in ("chunk_size", "vectors"):
            return read_count(text, 1, LARGEST_COUNT)
        if name == "time_limit":
            return read_seconds(text)
        if name == "memory_limit":
            read_bytes(text)
            return text.strip()
        if name == "grows":
            if not (text.isascii() and text.isidentifier() and len(text) <= 40):
                raise ValueError("It is the name of a size, as in a link of ours.")
            return text
        if name == "device":
            if not (text.isascii() and text.isprintable() and len(text) <= 40):
                raise ValueError("A device is written as cpu:0.")
            return text
        if name in ("tangent", "cotangent"):
            return choice_text(read_choice(text))
        allowed = {
            f"{value:g}" if isinstance(value, float) else value: value
            for value in self.param[name].objects
        }
        if text not in allowed:
            raise ValueError(f"It can be {', '.join(allowed)}.")
        return allowed[text]


def _allowed(knob: Knob, value: object) -> bool:
    try:
        knob.check(value)
    except ValueError:
        return False
    return True


def _pairs(query: str) -> tuple[dict[str, str], list[str]]:
    text = query.removeprefix("?")
    if len(text) > _LONGEST_QUERY:
        return {}, ["The link is longer than any of ours, so it was left out."]
    try:
        return dict(parse_qsl(text, max_num_fields=60)), []
    except ValueError:
        return {}, ["The link has too many parts, so it was left out."]


def _shown(text: str) -> str:
    return repr(text if len(text) <= 24 else text[:24] + "…")


def describe(spec: Mapping[str, Any]) -> str:
    """Return the problem and its sizes in a few words, as for a heading.

    >>> describe({"problem": "logistic_regression", "knobs": {"batch": 4, "seed": 0}})
    'Logistic regression, predictions · batch size 4'
    """
    if spec["problem"] == OWN:
        return "Your function"
    each = family(spec["problem"])
    sizes = [
        f"{knob.title[0].lower()}{knob.title[1:]} {spec['knobs'][knob.name]:,}"
        for knob in each.sizes
        if isinstance(spec["knobs"].get(knob.name), int)
    ]
    return " · ".join([each.title, *sizes])
