"""Derivatives shared by devices beside JAX's own of one, as lines of JSON; run as a script.

    python -m tests.core.mesh_scenes COUNT…                 meshes of so many of eight devices
    python -m tests.core.mesh_scenes --process I N PORT     one of N processes, a device each

How many devices there are, JAX is told by the environment that `test_mesh.py` gives the script.
"""

from __future__ import annotations

import json
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

import jacoscope
from jacoscope._measure import measure
from jacoscope._scene import Options
from jacoscope._timing import Protocol
from tests.helpers import nested_function, nested_point

FEW = """
    forward vmap, reverse vmap, forward 16×23, reverse 15×24, reverse 7×11, pytree forward,
    pytree reverse, hessian, 5 GGN products, colored forward 25, colored reverse 24
"""
PROCESSES = (
    *("forward vmap", "reverse vmap", "reverse 15×24", "reverse 7×11", "pytree forward"),
    *("hessian", "5 GGN products", "colored forward 25"),
)
COLLECTIVES = r"all-reduce|all-gather|all-to-all|collective-permute|reduce-scatter"


jsc: Any = jacoscope  # words for modes and batchings come from tables
Case = tuple[str, Callable[[], Any], Callable[[], Any]]


def weights(n_out: int, n_in: int) -> Any:
    return jnp.asarray(np.random.default_rng(n_in).standard_normal((n_out, n_in)) / 4)


def dense(n_out: int, n_in: int) -> tuple[Any, Any]:
    """A function with a full Jacobian and its point."""
    matrix = weights(n_out, n_in)
    return lambda x: jnp.sin(matrix @ x), jnp.linspace(0.1, 1.0, n_in)


def looping(x: Any) -> Any:
    """Loops and branches, as a user writes them who knows of no mesh."""
    carried, _ = jax.lax.scan(lambda c, _: (jnp.sin(c) * 1.1, None), x, length=3)
    carried = jax.lax.while_loop(lambda c: c[0] < 2, lambda c: (c[0] + 1, c[1] * 1.5), (0, carried))
    return jax.lax.cond(x[0] > 0, jnp.tanh, jnp.cos, carried[1])


def banded(x: Any) -> Any:
    return x[1:] ** 2 - 3 * x[:-1] + jnp.sin(x[1:]) * x[:-1]


def rosenbrock(x: Any) -> Any:
    return jnp.sum((x[1:] - x[:-1] ** 2) ** 2 + jnp.cos(x[1:]))


def two_leaves(x: Any) -> Any:
    return jnp.sum(x["a"] ** 3) * jnp.sin(x["b"])


def pair(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: ((y := f(x)), y)


def cases(device: Any) -> Iterator[Case]:
    """Name, what the devices make together, and what JAX makes on one."""
    jacobian = partial(jsc.jacobian, device=device)
    f, x = dense(16, 24)
    expected = partial(jax.jacfwd(f), x)
    for mode, batching, chunk in (
        ("forward", "vmap", None),
        ("forward", "chunked", 2),
        ("linearize", "chunked", 5),
        ("reverse", "vmap", None),
        ("reverse", "map", None),
        ("auto", "auto", None),
    ):
        name = f"{mode} {batching}"
        yield name, partial(jacobian, f, x, mode, batching, chunk), expected
    yield "gathered", partial(jacobian, f, x, "forward", "vmap", gather=True), expected
    yield "under jit", partial(jax.jit(lambda x: jacobian(f, x, "reverse", "vmap")), x), expected
    yield "aux", partial(jacobian, pair(f), x, "forward", has_aux=True), lambda: (expected(), f(x))
    for n_out, n_in in ((16, 23), (15, 24), (7, 11)):
        f, x = dense(n_out, n_in)
        expected = partial(jax.jacfwd(f), x)
        yield f"forward {n_out}×{n_in}", partial(jacobian, f, x, "forward", "vmap"), expected
        yield f"reverse {n_out}×{n_in}", partial(jacobian, f, x, "reverse", "chunked", 2), expected
    x = nested_point()
    for mode, batching, chunk in (("forward", "vmap", None), ("reverse", "chunked", 2)):
        ours = partial(jacobian, nested_function, x, mode, batching, chunk)
        yield f"pytree {mode}", ours, partial(jax.jacfwd(nested_function), x)
    x = {"a": jnp.array([0.3, 0.5]), "b": jnp.float64(0.7)}
    hessian = partial(jsc.hessian, two_leaves, x, device=device)
    yield "pytree hessian", hessian, partial(jax.hessian(two_leaves), x)
    x = jnp.linspace(0.2, 0.9, 24)
    yield "loops", partial(jacobian, looping, x, "forward", "vmap"), partial(jax.jacfwd(looping), x)
    hessian, full = partial(jsc.hessian, rosenbrock, x, device=device), jax.hessian(rosenbrock)
    yield "hessian", partial(hessian, "reverse_over_forward", "chunked", 2), lambda: full(x)
    diagonal = partial(hessian, output="diagonal")
    yield "diagonal", diagonal, lambda: jnp.diag(full(x))
    second = partial(jsc.jmp, jax.grad(rosenbrock), x, weights(16, 24), device=device)
    yield "16 HVPs", second, lambda: weights(16, 24) @ full(x)
    f, x = dense(16, 24)
    jacobian_matrix = jax.jacfwd(f)(x)
    for count in (16, 5):
        vectors = weights(count, 24)
        pushed = partial(jsc.jmp, f, x, vectors, device=device)
        yield f"{count} JVPs", pushed, lambda v=vectors: v @ jacobian_matrix.T

        def product(pushed: Any = pushed) -> Any:
            return jsc.mjp(f, x, pushed(), "chunked", 2, device=device)

        expected = vectors @ jacobian_matrix.T @ jacobian_matrix
        yield f"{count} GGN products", product, lambda e=expected: e


def colored_cases(device: Any) -> Iterator[Case]:
    try:
        import asdex  # noqa: F401 (it may be there and not work)
    except ImportError:  # as asdex 0.5 with JAX 0.12
        return
    jacobian = partial(jsc.jacobian, device=device)
    for mode, n_in, chunk in (("forward", 25, None), ("mixed", 24, None), ("reverse", 24, 1)):
        x = jnp.linspace(0.2, 0.9, n_in)
        expected = partial(jax.jacfwd(banded), x)
        colored = partial(jacobian, banded, x, mode, "colored", chunk)
        yield f"colored {mode} {n_in}", colored, expected
    sparse = partial(jacobian, banded, x, "forward", "colored", output="bcoo")
    yield "colored bcoo", lambda: sparse().todense(), expected
    hessian, full = partial(jsc.hessian, rosenbrock, x, device=device), jax.hessian(rosenbrock)
    yield "colored hessian", partial(hessian, batching="colored"), lambda: full(x)
    diagonal = partial(hessian, batching="colored", output="diagonal")
    yield "colored diagonal", diagonal, lambda: jnp.diag(full(x))
    yield "pattern that lacks an entry", lambda: lacking(device), lambda: jnp.ones(())


def lacking(device: Any) -> Any:
    """1 where a pattern that lacks an entry is refused."""
    given = np.eye(23, 24, dtype=bool)
    try:
        x = jnp.linspace(0.2, 0.9, 24)
        jsc.jacobian(banded, x, "forward", "colored", sparsity=given, device=device)
    except ValueError as error:
        return jnp.ones(()) * ("outside of the pattern" in str(error))
    return jnp.zeros(())


def held(ours: Any, expected: Any) -> dict[str, Any]:
    """The largest difference over this process's shards, and how much of a leaf one of them is."""
    assert jax.tree.structure(ours) == jax.tree.structure(expected)
    worst, share = 0.0, 0.0
    for leaf, whole in zip(jax.tree.leaves(ours), jax.tree.leaves(expected), strict=True):
        assert leaf.shape == whole.shape, (leaf.shape, whole.shape)
        assert leaf.dtype == whole.dtype, (leaf.dtype, whole.dtype)
        for shard in leaf.addressable_shards:
            theirs = np.asarray(whole)[shard.index]
            assert shard.data.shape == theirs.shape
            worst = max(worst, float(np.abs(np.asarray(shard.data) - theirs).max(initial=0)))
            share = max(share, shard.data.size / max(leaf.size, 1))
    specs = [str(getattr(leaf.sharding, "spec", "")) for leaf in jax.tree.leaves(ours)]
    return {"error": worst, "share": share, "specs": specs}


def told(case: str, devices: Any, **what: Any) -> None:
    print(json.dumps({"case": case, "devices": devices, **what}), flush=True)


def tell_collectives(device: Any, devices: Any) -> None:
    """Tell what travels between devices in compiled programs, by name."""

    def tell(name: str, function: Any, *arguments: Any) -> None:
        text = jax.jit(function).lower(*arguments).compile().as_text() or ""
        told(name, devices, collectives=sorted(set(re.findall(COLLECTIVES, text))))

    for mode in ("forward", "reverse", "linearize"):
        f, x = dense(16, 24)
        tell(mode, lambda x, f=f, m=mode: jsc.jacobian(f, x, m, "chunked", 2, device=device), x)
    _, x = dense(16, 24)
    tell("hessian", lambda x: jsc.hessian(rosenbrock, x, device=device), x)
    vectors = jax.device_put(weights(16, 24), NamedSharding(device, PartitionSpec("devices")))

    def product(vectors: Any) -> Any:
        pushed = jsc.jmp(f, x, vectors, device=device)
        return jsc.mjp(f, x, pushed, device=device)

    tell("GGN", product, vectors)
    f, x = dense(16, 23)
    tell("exchanged", lambda x: jsc.jacobian(f, x, "forward", "vmap", device=device), x)


def tell_memory(device: Any, devices: Any) -> None:
    """Tell what each device needs for a Jacobian of 1024², by XLA's prediction."""
    f, x = dense(1024, 1024)
    for mode in ("forward", "reverse"):
        jitted = jax.jit(lambda x, m=mode: jsc.jacobian(f, x, m, "vmap", device=device))
        stats: Any = jitted.lower(x).compile().memory_analysis()
        needed = stats.temp_size_in_bytes + stats.output_size_in_bytes
        told(f"memory {mode}", devices, bytes=needed)


def tell_comparison(devices: int) -> None:
    """Tell the rows of a comparison on one device and on several."""
    f, x = dense(64, 48)
    options = Options(
        quantity="jmp",
        vectors=32,
        chunk_sizes=(4, 16),
        device=f"cpu:0-{devices - 1}",
        only=tuple(
            f"forward/{way}{where}"
            for way in ("vmap", "chunked/4", "chunked/16")
            for where in ("", "/sharded")
        ),
        time_limit=200.0,
        protocol=Protocol(rounds=3, most=3),
    )
    for each in measure(f, x, options).study.rows:
        told(f"row {each.strategy}", devices, row=each.to_plain())


def tell_meshes() -> None:
    """Tell of meshes as users may have them, and what is said of results that stay whole."""
    f, x = dense(16, 24)
    explicit = jax.make_mesh((8,), ("devices",))
    expected = jax.jacfwd(f)(x)
    ours = jsc.jacobian(f, x, "forward", device=explicit)
    types = {each.name for each in ours.sharding.mesh.axis_types}
    told("explicit axes", 8, types=sorted(types), **held(ours, expected))
    with jax.set_mesh(explicit):
        ours = jax.jit(lambda x: jsc.jacobian(f, x, "forward", device="all"))(x)
    told("another mesh is set", 8, **held(ours, expected))
    f, x = dense(363, 365)
    for name, gather in (("whole", False), ("asked for whole", True)):
        with warnings.catch_warnings(record=True) as caught:
            jsc.jacobian(f, x, "forward", "vmap", device="all", gather=gather)
        told(name, 8, said=[str(each.message) for each in caught])


def tell_code(devices: int) -> None:
    """Tell what the scripts of shared strategies give, sizes that do not divide among them."""
    for n_out, n_in, quantity, name, result in (
        (16, 24, "jacobian", "forward/vmap", "J"),
        (5, 7, "jacobian", "forward/chunked/2", "J"),
        (5, 7, "jacobian", "reverse/chunked/2", "J"),
        (5, 7, "hessian", "linearize/vmap", "H"),
        (5, 7, "jmp", "forward/chunked/2", "JV"),
        (16, 24, "mjp", "reverse/vmap", "UJ"),
        (5, 7, "hvp", "hvp/reverse_over_forward/vmap", "HV"),
    ):
        f, x = dense(n_out, n_in)
        V, U = weights(6, n_in), weights(6, n_out)
        full, second = jax.jacfwd(f)(x), jax.hessian(rosenbrock)(x)
        expected = {"J": full, "H": second, "JV": V @ full.T, "UJ": U @ full, "HV": V @ second}
        names = {"f": f if "J" in result else rosenbrock, "x": x, "V": V, "U": U}
        code = jsc.snippet(f"{name}/sharded", quantity=quantity)
        exec(code, names)
        lines = code.splitlines()
        found = held(names[result], expected[result])
        told(f"code {name}", devices, lines=len(lines), longest=max(map(len, lines)), **found)


def tell_limits(device: Any, devices: int) -> None:
    """Tell what a memory limit does that one device alone can't keep to."""
    f, x = dense(128, 128)
    whole = 128 * 128 * 8
    advice = jsc.advise(f, x, memory_limit=whole // 2, device=device)
    told("advice", devices, strategy=advice.strategy, bytes=advice.predicted_bytes)
    kept = jsc.jacobian(f, x, memory_limit=whole // 2, device=device)
    told("within", devices, **held(kept, jax.jacfwd(f)(x)))
    for name, where in (("alone", None), ("shared", device)):
        try:
            jsc.jacobian(f, x, "reverse", "vmap", memory_limit=whole // 16, device=where)
        except jsc.MemoryLimitError as error:
            told(f"refused {name}", devices, bytes=error.needed_bytes)


def row(count: int) -> Mesh:
    return Mesh(np.array(jax.devices()[:count]), ("devices",))


def main() -> None:
    few = {" ".join(name.split()) for name in FEW.split(",")}
    if sys.argv[1] == "--process":
        number, count, port = map(int, sys.argv[2:])
        jax.distributed.initialize(f"127.0.0.1:{port}", count, number)
        for name, ours, expected in chain(cases("all"), colored_cases("all")):
            if name in PROCESSES:
                told(name, count, process=number, **held(ours(), expected()))
        jax.distributed.shutdown()
        return
    for count in map(int, sys.argv[1:]):
        device: Any = "all" if count == 8 else row(count)
        for name, ours, expected in chain(cases(device), colored_cases(device)):
            if name in few or count == 8:
                told(name, count, **held(ours(), expected()))
        if count != 3:
            tell_memory(device, count)
    tell_collectives(row(8), 8)
    tell_comparison(2)
    tell_limits("all", 8)
    tell_code(8)
    tell_meshes()
    two = Mesh(np.array(jax.devices()).reshape(4, 2), ("a", "b"))
    for n_out, n_in in ((6, 10), (10, 4), (8, 5), (12, 6), (5, 7)):
        f, x = dense(n_out, n_in)
        for mode in ("forward", "reverse"):
            ours = jsc.jacobian(f, x, mode, "vmap", device=two)
            told(f"{mode} {n_out}×{n_in}", "4×2", **held(ours, jax.jacfwd(f)(x)))


if __name__ == "__main__":
    main()
