"""Which function at which point, as plain data that a worker can rebuild."""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle
import jax

from ..problems import Family, family
from ._source import build


@dataclass(frozen=True)
class Opened:
    """A function, its point, and what came with them.

    Attributes:
        f: The function.
        x: The point.
        jacobian: The closed-form Jacobian as a function of x; None where unknown.
        vectors: The vectors of a product, or how many; None where not given.
    """

    f: Callable[..., Any]
    x: Any
    jacobian: Callable[[Any], Any] | None = None
    vectors: Any = None


def problem_target(name: str, knobs: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Name a problem of the gallery; nothing is computed.

    Raises:
        ValueError: The name or a knob is unknown, or a value is out of range.
    """
    checked = family(name).check(knobs or {})
    return {"kind": "problem", "name": name, "knobs": checked, "title": family(name).title}


def function_target(
    f: Callable[..., Any], x: Any, *, vectors: Any = None, title: str | None = None
) -> dict[str, Any]:
    """Carry a function and its point: by import path where it has one, else by value.

    The `vectors` of a product go with them, and this process's x64 and matmul precision.

    Raises:
        TypeError: Something in `f` or `x` can't travel to another process.
    """
    try:
        content = _dumps((f, x, vectors))
    except Exception as error:  # users' objects pickle themselves, and raise anything
        raise TypeError(
            f"`f` or `x` can't travel to a worker process: {error}."
            " Use `runner='inline'` to stay in this one."
        ) from error
    return {
        "kind": "pickle",
        "content": content,
        "title": title or _title(f),
        "config": {
            "enable_x64": jax.config.values["jax_enable_x64"],
            "matmul": jax.config.values["jax_default_matmul_precision"],
        },
    }


def direct_target(
    f: Callable[..., Any], x: Any, *, vectors: Any = None, title: str | None = None
) -> dict[str, Any]:
    """Carry a function and its point as they are, for a job that stays in this process."""
    return {
        "kind": "direct",
        "opened": Opened(f, x, vectors=vectors),
        "title": title or _title(f),
    }


@contextlib.contextmanager
def settings(target: Mapping[str, Any]) -> Iterator[None]:
    """Put JAX under the settings that a target came with."""
    match target.get("kind"):
        case "problem":
            with jax.enable_x64(target["knobs"].get("dtype") == "float64"):
                yield
        case "source":
            with jax.enable_x64(target["dtype"] == "float64"):
                yield
        case "pickle":
            config = target.get("config", {})
            with (
                jax.enable_x64(bool(config.get("enable_x64"))),
                jax.default_matmul_precision(config.get("matmul")),
            ):
                yield
        case _:
            yield


@contextlib.contextmanager
def opened(target: Mapping[str, Any]) -> Iterator[Opened]:
    """Rebuild the function and its point, under the settings it came with.

    Yields:
        What the target carried.

    Raises:
        ValueError: The target is of an unknown kind.
    """
    with settings(target):
        match target.get("kind"):
            case "problem":
                chosen: Family = family(target["name"])
                built = chosen.problem(**target["knobs"])
                yield Opened(built.f, built.x, jacobian=built.jacobian)
            case "source":
                f, x = build(target)
                yield Opened(functools.partial(f), x)
            case "pickle":
                f, x, vectors = _loads(target)
                # a jitted function comes back as something that can be called, and no more
                yield Opened(functools.partial(f), x, vectors=vectors)
            case "direct":
                yield target["opened"]
            case kind:
                raise ValueError(f"There is no target of kind {kind!r}.")


def _title(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", type(f).__name__)


def _loads(target: Mapping[str, Any]) -> Any:
    """Unpickle a target's content, from the file that a spool put it in if it is in one."""
    if "path" not in target:
        return cloudpickle.loads(target["content"])
    with Path(target["path"]).open("rb") as stream:
        return cloudpickle.load(stream)


class _Pickler(cloudpickle.Pickler):
    """cloudpickle, and what it can't rebuild.

    Functions with a VJP rule of their own; and what JAX's modules hold, primitives and caches and
    jitted functions, to which transformed functions refer (those of `jax.checkpoint`, say). The
    worker has to find its own of these, and no copies.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._held = _held_by_jax()

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, jax.custom_vjp):
            return _blank_custom_vjp, (), vars(obj)
        if id(obj) in self._held:
            return _from_module, self._held[id(obj)]
        return super().reducer_override(obj)


def _held_by_jax() -> dict[int, tuple[str, str]]:
    """Map what JAX's modules hold to module and name: instances of JAX's own types."""
    return {
        id(value): (module_name, name)
        for module_name, module in list(sys.modules.items())
        if module_name.split(".")[0] == "jax"
        for name, value in list(vars(module).items())
        if not isinstance(value, type) and type(value).__module__.split(".")[0] in ("jax", "jaxlib")
    }


def _from_module(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _blank_custom_vjp() -> jax.custom_vjp:
    return object.__new__(jax.custom_vjp)


def _dumps(value: Any) -> bytes:
    with io.BytesIO() as buffer:
        _Pickler(buffer).dump(value)
        return buffer.getvalue()
