"""What is inside of a derivative, against XLA, `jax.vjp` and hand-made functions."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

from jacoscope._equation_graph import MOST_NODES
from jacoscope._inside import MOST_EQUATIONS, POLICIES, look_inside

W = jnp.ones((8, 8), jnp.float32)
X = jnp.ones(8, jnp.float32)


def layers(x: Any) -> Any:
    hidden = jnp.tanh(W @ x)
    return jnp.sin(W @ hidden)


def test_the_equations_stand_there_with_their_source() -> None:
    found = look_inside(layers, X)
    texts = [each["text"] for each in found["equations"]]
    assert sum("dot_general" in each for each in texts) == 2
    assert any(" = tanh b" in each or " = tanh " in each for each in texts)
    (tanh,) = (each for each in found["equations"] if " = tanh " in each["text"])
    assert "test_inside.py" in tanh["source"]
    assert "layers" in tanh["source"]
    assert found["omitted"] == 0


def test_what_is_kept_is_marked_where_it_comes_from() -> None:
    found = look_inside(layers, X)
    total = sum(each["bytes"] for each in found["kept"])
    arguments = sum(each["bytes"] for each in found["kept"] if each["primitive"] == "constant")
    marked = {each["text"].split(" = ")[1].split()[0].split("[")[0]: each["kept"]
              for each in found["equations"] if each["kept"]}  # fmt: skip
    assert sum(marked.values()) == total - arguments
    assert marked["tanh"] > 0
    leaves = jax.tree.leaves(jax.eval_shape(lambda x: jax.vjp(layers, x)[1], X))
    assert total == sum(leaf.size * leaf.dtype.itemsize for leaf in leaves)


def test_a_policy_keeps_less() -> None:
    kept = {}
    for policy in POLICIES:
        found = look_inside(layers, X, policy=policy)
        assert found["policy"] == policy
        kept[policy] = sum(
            each["bytes"] for each in found["kept_with_policy"] if each["primitive"] != "constant"
        )
    assert kept["nothing_saveable"] < kept["dots_saveable"] <= kept["everything_saveable"]


def test_a_pass_has_its_figures() -> None:
    passes = look_inside(layers, X)["passes"]
    flops = {name: each["flops"] for name, each in passes.items()}
    assert flops["f"] < flops["one JVP"]
    assert flops["f"] < flops["one VJP"] < flops["one VJP, checkpointed"]
    assert passes["f"]["flops"] == pytest.approx(2 * 2 * 64, rel=0.2)
    for each in passes.values():
        assert each["message"] == ""
        assert each["compile_s"] > 0
        assert each["output_bytes"] >= 32


def test_the_program_is_xlas() -> None:
    program = look_inside(layers, X)["hlo"]
    assert program.startswith("HloModule")
    assert "ENTRY" in program
    assert "metadata" not in program
    assert ".py" not in program


def test_what_a_mode_can_not_pass_is_said_and_the_rest_is_there() -> None:
    def loops(x: Any) -> Any:
        return jax.lax.while_loop(lambda z: jnp.sum(z) < 100.0, lambda z: 2.0 * z, x)

    found = look_inside(loops, X)
    assert found["passes"]["one JVP"]["message"] == ""
    assert "while_loop" in found["passes"]["one VJP"]["message"]
    assert found["passes"]["one VJP"]["flops"] is None
    assert found["kept"] is None
    assert "while_loop" in found["why_not"]
    assert "HloModule" in found["hlo"]
    assert any(each["depth"] == 1 for each in found["equations"])


def test_long_functions_are_cut() -> None:
    def long(x: Any) -> Any:
        for _ in range(MOST_EQUATIONS // 2 + 10):
            x = jnp.sin(x) * 2.0
        return x

    found = look_inside(long, X)
    assert len(found["equations"]) == MOST_EQUATIONS
    assert found["omitted"] == 20


def test_an_unknown_policy_is_named() -> None:
    with pytest.raises(ValueError, match="nothing_saveable"):
        look_inside(layers, X, policy="all")


def test_pytrees() -> None:
    found = look_inside(lambda p: {"s": jnp.sum(p["w"] @ p["b"])}, {"w": W, "b": X})
    assert found["passes"]["one VJP"]["message"] == ""
    assert found["kept"]


def graph(f: Any, x: Any) -> tuple[list[dict[str, Any]], set[tuple[str, str]]]:
    """The nodes, and what reads what by their names."""
    nodes = look_inside(f, x)["graph"]
    edges = {(nodes[i]["name"], each["name"]) for each in nodes for i, _ in each["reads"]}
    return nodes, edges


def test_the_graph_says_what_reads_what() -> None:
    nodes, edges = graph(lambda p: jnp.tanh(p["w"]) * jnp.sin(p["b"]), {"w": X, "b": X})
    assert edges == {
        ("x['b']", "sin"), ("x['w']", "tanh"), ("tanh", "mul"), ("sin", "mul"), ("mul", "y"),
    }  # fmt: skip
    kinds = [each["kind"] for each in nodes]
    assert (kinds.count("input"), kinds.count("equation"), kinds.count("output")) == (2, 3, 1)


def test_the_graph_marks_what_the_equations_mark() -> None:
    found = look_inside(layers, X)
    marked = sum(each["kept"] for each in found["equations"])
    assert sum(each["kept"] for each in found["graph"]) == marked > 0


def test_the_graph_goes_into_jitted_calls_and_not_into_loops() -> None:
    twice = jax.jit(lambda z: jnp.cos(z) + z)

    def f(x: Any) -> Any:
        y = jax.lax.scan(lambda z, _: (jnp.sin(z), None), twice(twice(x)), None, length=4)[0]
        return jnp.exp(y)

    nodes, edges = graph(f, X)
    names = [each["name"] for each in nodes if each["kind"] == "equation"]
    assert names == ["cos", "add", "cos", "add", "scan", "exp"]
    assert {("add", "scan"), ("scan", "exp"), ("add", "cos"), ("x", "cos")} <= edges
    scan = next(each for each in nodes if each["name"] == "scan")
    assert scan["kept"] > 0  # what its body keeps


def test_the_graph_leaves_out_what_nothing_reads() -> None:
    def f(x: Any) -> Any:
        _ = jnp.exp(x)
        return jnp.sin(x)

    nodes, _ = graph(f, X)
    assert [each["name"] for each in nodes] == ["x", "sin", "y"]


def test_a_large_function_has_no_graph() -> None:
    def large(x: Any) -> Any:
        for _ in range(MOST_NODES):
            x = jnp.sin(x)
        return x

    assert look_inside(large, X)["graph"] is None
