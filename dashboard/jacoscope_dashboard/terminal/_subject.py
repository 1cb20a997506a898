"""From the command line to the target of a job: which function, at which point."""

from __future__ import annotations

import argparse
import contextlib
import difflib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from jacoscope._point import required_arguments
from jacoscope.problems import family, problems
from jacoscope.run import function_target, problem_target

from .._reading import read_knob
from ._errors import CommandLineError
from ._inputs import check_point, drawn, holds_float64, stored
from ._modules import call, find_function


def subject(given: argparse.Namespace) -> dict[str, Any]:
    """Return the target that the command line names.

    Raises:
        CommandLineError: The function or its point can't be had; the sentence says why.
    """
    return _own(given) if ":" in given.function else _of_gallery(given)


def _of_gallery(given: argparse.Namespace) -> dict[str, Any]:
    name = given.function
    if name not in problems():
        near = difflib.get_close_matches(name, problems(), n=1)
        rest = f"Did you mean {near[0]}?" if near else f"It has {', '.join(problems())}."
        raise CommandLineError(
            "`function` must be written package.module:function, or be a problem of the gallery,"
            f" but got {name!r}. {rest}"
        )
    for option in ("shape", "input", "inputs"):
        if getattr(given, option) is not None:
            raise CommandLineError(
                f"`--{option}` does not go with {name}, a problem of the gallery, which has its"
                " own point. Set its sizes by `--knob`."
            )
    if given.x64:
        raise CommandLineError(f"`--x64` does not go with {name}. Write `--dtype float64`.")
    texts = dict(given.knob)
    texts |= {} if given.dtype is None else {"dtype": given.dtype}
    texts |= {} if given.seed is None else {"seed": str(given.seed)}
    return problem_target(name, {key: _knob(name, key, text) for key, text in texts.items()})


def _knob(name: str, key: str, text: str) -> Any:
    knobs = family(name).knobs
    if key not in knobs:
        raise CommandLineError(
            f"`--knob` must be one of {name}'s, {', '.join(knobs)}, but got {key!r}."
        )
    option = f"--{key}" if key in ("dtype", "seed") else f"--knob {key}"
    knob = knobs[key]
    try:
        return read_knob(knob, text)
    except ValueError:
        allowed = " or ".join(knob.choices) or f"a whole number from {knob.low} to {knob.high}"
        raise CommandLineError(
            f"`{option}` of {name} must be {allowed}, but got {text!r}."
        ) from None


def _own(given: argparse.Namespace) -> dict[str, Any]:
    if given.knob:
        raise CommandLineError(
            "`--knob` goes with a problem of the gallery, not with your own function."
        )
    x, option = _given_point(given)
    wide = given.x64 or holds_float64(x)
    with jax.enable_x64(True) if wide else contextlib.nullcontext():
        f = find_function(given.function, "function")
        if given.inputs is not None:
            x = call(find_function(given.inputs, "--inputs"), given.inputs)
        check_point(x, option)
        f, x = _of_first(f, x, given.function)
        try:
            return function_target(f, x, title=given.function)
        except TypeError as error:
            raise CommandLineError(
                f"`function` must be able to travel to a worker process, and so must its input,"
                f" but {given.function} can't: {error.__cause__}."
            ) from error


def _given_point(given: argparse.Namespace) -> tuple[Any, str]:
    """Return the point and the option that it comes from; None where a function makes it."""
    if given.shape is not None:
        return drawn(given.shape, given.dtype or "float32", given.seed or 0), "--shape"
    if given.seed is not None:
        raise CommandLineError("`--seed` goes with `--shape`, whose numbers are drawn.")
    if given.input is not None:
        return stored(given.input, given.dtype), "--input"
    if given.inputs is None:
        raise CommandLineError(
            f"{given.function} needs an input: give `--shape 128x32`, `--input file.npz` or"
            " `--inputs module:make_inputs`."
        )
    if given.dtype is not None:
        raise CommandLineError(
            "`--dtype` goes with `--shape` and `--input`; `--inputs` makes its own."
        )
    return None, "--inputs"


def _of_first(f: Callable[..., Any], x: Any, name: str) -> tuple[Callable[..., Any], Any]:
    """Reduce a function of several arguments to one of its first, as `compare` does."""
    required = required_arguments(f)
    if required <= 1:
        return f, x
    if not isinstance(x, tuple) or len(x) != required:
        got = f"a tuple of {len(x)}" if isinstance(x, tuple) else "one point"
        raise CommandLineError(
            f"{name} requires {required} arguments, but the input is {got}. Give as many"
            " `--shape`, or a function of one pytree."
        )
    first, rest = x[0], x[1:]
    return lambda one: f(one, *jax.tree.map(jnp.asarray, rest)), first
