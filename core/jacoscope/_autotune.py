"""The public `autotune`: the fastest way for a function, by measurement, as a function to keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple, get_args

import jax
from jaxtyping import PyTree

from ._advice import by_rule, textbook
from ._advise import untraceable
from ._code import snippet
from ._compare import RunnerName, check_runner, run_job, run_study
from ._decompression import Output
from ._fingerprint import fingerprint
from ._limits import MemoryLimitError, read_bytes
from ._measurement import Measurement
from ._pattern import plain_entries
from ._point import as_point, output_shapes, required_arguments, size
from ._program import program
from ._remembered import Choice, certain, recall, remember
from ._shortlist import CHUNK_SIZES
from ._strategy import Quantity, Strategy, named, plan
from ._study import Study
from ._units import format_bytes

_HARDLY = 1.1
_TOO_LARGE = ("refused", "out_of_memory")
_PEAK_LIMIT_S = 60.0
_AGAIN = "Call `autotune` again for it."
_NO_PATTERN = (
    "`output='bcoo'` needs a pattern that holds for every `x` and saves passes, and none was found"
    " for `f`. Give `sparsity`, or take `output='dense'`."
)


class Tuned:
    """A jitted derivative that was chosen by measurement.

    Call it with a point of the shapes it was tuned at (for `hvp` with a tangent, too; for `jmp`
    and `mjp` with the stacked vectors). It is right for every such point.

    Attributes:
        strategy: The name of the strategy, such as `reverse/chunked/32`.
        chunk_size: Its passes at once; None where it has no chunks.
        study: What it was chosen by.
        remembered: Whether the choice was made before, and read from disk.
    """

    def __init__(
        self,
        choice: Strategy,
        f: Callable[[Any], Any],
        x: PyTree[Any],
        study: Study,
        *,
        output: Output,
        remembered: bool,
    ) -> None:
        self.strategy = choice.name
        self.chunk_size = choice.chunk_size
        self.study = study
        self.remembered = remembered
        self._choice = choice
        self._f = f
        self._shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), x)
        self._output: Output = output
        build = program(choice, f, output)

        def derivative(x: PyTree[Any], *vectors: PyTree[Any]) -> Any:
            self._check(x)  # while it is traced, so once a shape
            if choice.quantity != "hvp":
                return build(x, *vectors)
            stacked = jax.tree.map(lambda leaf: leaf[None], vectors[0])
            return jax.tree.map(lambda leaf: leaf[0], build(x, stacked))

        self._call = jax.jit(derivative)

    def __call__(self, x: PyTree[Any], *vectors: PyTree[Any]) -> Any:
        """Compute the derivative at `x`.

        Args:
            x: A point of the structure, shapes and dtypes it was tuned at.
            *vectors: The tangent of an `hvp`, or the stacked vectors of `jmp` and `mjp`.

        Raises:
            ValueError: `x` is of another structure, shape or dtype.
        """
        return self._call(x, *vectors)

    def code(self) -> str:
        """Return the strategy as a short script in plain JAX, for an `f` and an `x` of yours."""
        x = self._shapes
        y = jax.eval_shape(self._f, x)
        arrays = all(isinstance(each, jax.ShapeDtypeStruct) for each in (x, y))
        return snippet(self._choice, pytree=not arrays, output=self._output)

    def __repr__(self) -> str:
        return f"Tuned({self._choice.quantity}, {self.strategy})"

    def _check(self, x: PyTree[Any]) -> None:
        got, wanted = jax.tree.structure(x), jax.tree.structure(self._shapes)
        if got != wanted:
            raise ValueError(f"`x` must have the structure {wanted}, but got {got}. {_AGAIN}")

        def leaf(path: tuple[Any, ...], value: Any, like: jax.ShapeDtypeStruct) -> None:
            shape, dtype = jax.numpy.shape(value), jax.numpy.result_type(value)
            if (shape, dtype) != (like.shape, like.dtype):
                raise ValueError(
                    f"`x{jax.tree_util.keystr(path)}` must be {like.dtype}{list(like.shape)},"
                    f" as it was tuned at, but got {dtype}{list(shape)}. {_AGAIN}"
                )

        jax.tree_util.tree_map_with_path(leaf, x, self._shapes)


class _Request(NamedTuple):
    """What is to be tuned, checked."""

    f: Callable[[Any], Any]
    x: PyTree[Any]
    quantity: Quantity
    vectors: Any
    sparsity: Any
    output: Output
    limit_bytes: int | None
    options: dict[str, Any]
    runner: RunnerName


def autotune(
    f: Callable[[Any], Any],
    x: PyTree[Any],
    quantity: Quantity = "jacobian",
    memory_limit: int | str | None = None,
    time_limit: float = 5.0,
    *,
    vectors: int | PyTree[Any] | None = None,
    sparsity: Any = None,
    output: Output = "dense",
    runner: RunnerName = "local",
    fresh: bool = False,
) -> Tuned:
    """Measure ways to differentiate `f` at `x`, and return the fastest as a jitted function.

    The candidates are compiled likeliest first, two at a time where there is no memory limit,
    checked against JAX's own derivative, and timed side by side; what is beaten is no longer
    measured. JAX's own are among them, and taken where the fastest wins less than a tenth. The
    choice is remembered on disk for this function at these shapes, on this device and version of
    JAX; a pattern never is, but found anew. Where the time limit comes before anything is measured,
    and neither a memory limit nor a `bcoo` was asked for, it is the likeliest one by estimate, or
    what the textbook's rule picks of JAX's own where there was no time for that; its study has no
    times, and it is not remembered.

    Args:
        f: Function of one pytree, one that `jax.jit` takes.
        x: Point, a pytree of floating-point arrays.
        quantity: `jacobian`, `hessian`, `hvp`, `jmp` or `mjp`.
        memory_limit: Bytes, or a text such as "2GB". A choice stays below it by prediction, and
            by its measured peak where that can be known.
        time_limit: Seconds for the measuring, compiling included.
        vectors: For `jmp` and `mjp`: the stacked vectors, or how many.
        sparsity: Where the derivative may be other than zero for every `x`, as for `jacobian`.
            With None only a pattern proven from the jaxpr is used.
        output: `dense`; or `bcoo` for a sparse result, of a Jacobian or a Hessian whose pattern is
            given or proven. Only colored strategies are then measured.
        runner: `local`, in worker processes; `inline`, here; or a Dask cluster, as for `compare`.
            What another machine has measured is not remembered for this one.
        fresh: Whether to measure even where a choice is remembered.

    Returns:
        The function, with its `strategy` and the `study` behind it.

    Raises:
        TypeError: `f` is no function of one pytree, or it or `x` can't be differentiated.
        ValueError: No strategy works, or a word or number is off; or there is no pattern for a
            `bcoo`, or it saves no pass.
        MemoryLimitError: All that works needs more than `memory_limit`.

    >>> import jax.numpy as jnp
    >>> jac = autotune(jnp.sin, jnp.ones(3), runner="inline", fresh=True)
    >>> jac(jnp.zeros(3)).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    request = _checked(
        f,
        x,
        quantity,
        memory_limit,
        time_limit,
        vectors=vectors,
        sparsity=sparsity,
        output=output,
        runner=runner,
    )
    key = _key(request)
    if key is None:
        raise untraceable(request.f, request.x)
    here = runner in ("local", "inline")
    if here and not fresh:
        known = recall(key)
        strategy = None if known is None else _ready(known.strategy, request)
        if known is not None and strategy is not None:
            return _tuned(strategy, request, known.study, remembered=True)
    choice = _measured(request)
    if here and choice.study.best() is not None:
        remember(key, choice)
    strategy = _ready(choice.strategy, request)
    assert strategy is not None, "it was certain in the worker"
    return _tuned(strategy, request, choice.study, remembered=False)


def _tuned(strategy: Strategy, request: _Request, study: Study, *, remembered: bool) -> Tuned:
    f, x, output = request.f, request.x, request.output
    return Tuned(strategy, f, x, study, output=output, remembered=remembered)


def _checked(
    f: Any,
    x: Any,
    quantity: Quantity,
    memory_limit: int | str | None,
    time_limit: float,
    *,
    vectors: Any,
    sparsity: Any,
    output: Output,
    runner: RunnerName,
) -> _Request:
    check_runner(f, time_limit, runner)
    plan(quantity, 0, 0, 1, ())  # speaks up about a wrong word
    if output not in get_args(Output):
        raise ValueError(f"`output` must be one of dense, bcoo, but got {output!r}.")
    if output == "bcoo" and quantity not in ("jacobian", "hessian"):
        raise ValueError(f"`output='bcoo'` is for a Jacobian or a Hessian, but got {quantity!r}.")
    if required_arguments(f) > 1:
        raise TypeError(
            "`f` must be a function of one pytree, but it requires several arguments."
            " Pass a function of a tuple, or fix the others with `functools.partial`."
        )
    limit = None if memory_limit is None else read_bytes(memory_limit)
    plain = None if sparsity is None else plain_entries(sparsity)
    options = {
        "quantity": quantity,
        "chunk_sizes": list(CHUNK_SIZES),
        "memory_limit": limit,
        "time_limit": float(time_limit),
        "sparsity": plain,
        "output": output,
        "tune": True,
    }
    count = 1 if quantity == "hvp" else vectors
    return _Request(f, as_point(x), quantity, count, sparsity, output, limit, options, runner)


def _key(request: _Request) -> str | None:
    vectors = request.vectors
    if vectors is not None and not isinstance(vectors, int):
        vectors = len(jax.tree.leaves(vectors)[0])
    vectors = None if request.quantity in ("jacobian", "hessian", "hvp") else vectors
    given = request.sparsity is not None
    settings = [request.quantity, request.limit_bytes, vectors, given]
    settings += [request.output] if request.output != "dense" else []
    return fingerprint(request.f, request.x, jax.devices()[0], *settings)


def _measured(request: _Request) -> Choice:
    """Measure, and choose the best that stays within the limit by its peak, too."""
    study = run_study(request.f, request.x, request.vectors, request.options, request.runner)
    for row in study.rows:
        if row.batching == "colored" and row.message.startswith("`sparsity`"):
            raise ValueError(row.message)
    while (taken := _fastest(study)) is not None:
        study = _with_peak(study, taken, request)
        if study.row(taken.strategy).status == "ok":
            return Choice(named(request.quantity, taken.strategy), study)
    if any(row.status == "timed_out" for row in study.rows):
        return _unmeasured(request, study)
    if request.output == "bcoo" and all(row.batching != "colored" for row in study.rows):
        raise ValueError(_NO_PATTERN)
    raise _hopeless(study.rows, request.limit_bytes)


def _unmeasured(request: _Request, study: Study) -> Choice:
    """Choose without a measurement: the candidate that was to be the first, else by the rule.

    Raises:
        ValueError: That strategy has failed for another reason; or a limit or a sparse result was
            asked for, which it may not keep or give.
    """
    if request.limit_bytes is not None or request.output == "bcoo":
        raise _hopeless(study.rows, request.limit_bytes)
    first = next((row for row in study.rows if row.status == "timed_out"), None)
    if study.environment and first is not None:  # without, there was no time for a plan either
        return Choice(named(request.quantity, first.strategy), study)
    n_in, n_out = size(request.x), size(output_shapes(request.f, request.x))
    planned = {each.name: each for each in plan(request.quantity, n_in, n_out, 1, ())}
    names = by_rule(textbook(request.quantity, n_in, n_out))
    name = next(each for each in names if each in planned)
    if any(row.strategy == name and row.status != "timed_out" for row in study.rows):
        raise _hopeless(study.rows, request.limit_bytes)
    return Choice(planned[name], study)


def _fastest(study: Study) -> Measurement | None:
    """Return the row to take: one of JAX's own if it is hardly slower than the fastest.

    Of many that are measured a few times each, the fastest was also lucky.
    """
    timed = sorted(study.timed, key=lambda row: row.q25_s or 0.0)
    close = [row for row in timed if (row.q25_s or 0.0) <= _HARDLY * (timed[0].q25_s or 0.0)]
    own = (row for row in close if row.strategy.startswith("jax."))
    return next(own, timed[0] if timed else None)


def _with_peak(study: Study, best: Measurement, request: _Request) -> Study:
    """Return the study with the peak of its best row, which is refused if that is too high."""
    if request.limit_bytes is None or request.runner == "inline":
        return study
    options = {**request.options, "strategy": best.strategy, "time_limit": _PEAK_LIMIT_S}
    row = _peaked(best, request, options)
    rows = tuple(row if each.strategy == best.strategy else each for each in study.rows)
    return replace(study, rows=rows)


def _peaked(row: Measurement, request: _Request, options: dict[str, Any]) -> Measurement:
    outcome = run_job("peak", request.f, request.x, request.vectors, options, request.runner)
    if outcome.status != "ok":
        status = "crashed" if outcome.status == "failed" else outcome.status
        return row.but(status=status, message=outcome.message)
    row = row.with_peak(outcome.value["peak_bytes"], outcome.value["source"])
    limit = request.limit_bytes
    if limit is None or row.peak_bytes is None or row.peak_bytes <= limit:
        return row
    taken, allowed = format_bytes(row.peak_bytes), format_bytes(limit)
    sentence = f"It took {taken}, above the memory limit of {allowed}."
    return row.but(status="refused", message=sentence)


def _hopeless(rows: tuple[Measurement, ...], limit_bytes: int | None) -> Exception:
    """Return the error that says why no strategy is left."""
    if limit_bytes is not None and all(row.status in _TOO_LARGE for row in rows):
        needed = [row.peak_bytes or row.predicted_bytes or row.output_bytes or 0 for row in rows]
        above = [each for each in needed if each > limit_bytes]
        return MemoryLimitError(min(above, default=None), limit_bytes, None)
    reasons = list(dict.fromkeys(row.message for row in rows if row.message))
    return ValueError(f"No strategy works for `f` here. {' '.join(reasons[:2])}".strip())


def _ready(strategy: Strategy, request: _Request) -> Strategy | None:
    return certain(strategy, request.f, request.x, request.sparsity)
