"""The equations of a small function as a graph: what each one reads.

A node is an input, a constant, an equation or an output, and reads what other nodes make. Calls
of jitted functions are gone into, so that `jnp.clip` stands there as what it computes; a loop or
a branch is one node, with all that is kept inside of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jax.extend.core import Literal

MOST_NODES = 48
_CALLS = ("jit", "pjit", "closed_call")


class EquationGraph:
    """The nodes, found in the order in which the equations are written as lines."""

    def __init__(self, lines: Sequence[dict[str, Any]], nested: Callable[[Any], Any]) -> None:
        """Take the lines of all equations in order, and what finds the jaxprs in parameters."""
        self._lines, self._nested = lines, nested
        self._place = 0
        self._makers: dict[Any, int] = {}
        self._nodes: list[dict[str, Any]] = []

    def add(self, jaxpr: Any, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        """Add a function's jaxpr, whose inputs and outputs have these names."""
        for var, name in zip(jaxpr.invars, inputs, strict=True):
            self._makers[var] = self._node("input", name, var.aval.str_short())
        for var in jaxpr.constvars:
            kind = var.aval.str_short()
            self._makers[var] = self._node("constant", kind, kind)
        self._walk(jaxpr)
        for var, name in zip(jaxpr.outvars, outputs, strict=True):
            self._read(var, self._node("output", name, var.aval.str_short()))

    def plain(self) -> list[dict[str, Any]] | None:
        """Return the nodes; None where there are more than `MOST_NODES`.

        Each has a kind, name, text, source line, the bytes that reverse mode keeps there, and what
        it `reads`: pairs of a node's place and a type. What nothing reads is left out, inputs
        apart: XLA leaves it out as well.
        """
        used = {i for i, node in enumerate(self._nodes) if node["kind"] == "output"}
        for place in reversed(range(len(self._nodes))):
            if place in used:
                used.update(maker for maker, _ in self._nodes[place]["reads"])
        used.update(i for i, node in enumerate(self._nodes) if node["kind"] == "input")
        if len(used) > MOST_NODES:
            return None
        new = {old: place for place, old in enumerate(sorted(used))}
        return [
            {**node, "reads": [(new[maker], kind) for maker, kind in node["reads"]]}
            for place, node in enumerate(self._nodes)
            if place in used
        ]

    def _walk(self, jaxpr: Any) -> None:
        for equation in jaxpr.eqns:
            if equation.primitive.name in _CALLS:
                (inner,) = self._nested(equation.params)
                self._place += 1
                self._bind(inner.invars, equation.invars)
                for var in inner.constvars:
                    kind = var.aval.str_short()
                    self._makers[var] = self._node("constant", kind, kind)
                self._walk(inner)
                self._bind(equation.outvars, inner.outvars)
                continue
            line = self._lines[self._place]
            length = self._length(equation)
            kept = sum(each["kept"] for each in self._lines[self._place : self._place + length])
            self._place += length
            node = self._node(
                "equation", equation.primitive.name, line["text"], line["source"], kept
            )
            for atom in equation.invars:
                self._read(atom, node)
            for var in equation.outvars:
                self._makers[var] = node

    def _bind(self, variables: Sequence[Any], atoms: Sequence[Any]) -> None:
        for var, atom in zip(variables, atoms, strict=True):
            self._makers.pop(var, None)  # the same jaxpr may have been called before
            if not isinstance(atom, Literal) and atom in self._makers:
                self._makers[var] = self._makers[atom]

    def _read(self, atom: Any, reader: int) -> None:
        if not isinstance(atom, Literal) and atom in self._makers:
            made = (self._makers[atom], atom.aval.str_short())
            if made not in self._nodes[reader]["reads"]:
                self._nodes[reader]["reads"].append(made)

    def _node(self, kind: str, name: str, text: str, source: str = "", kept: int = 0) -> int:
        node = {"kind": kind, "name": name, "text": text, "source": source, "kept": kept}
        self._nodes.append({**node, "reads": []})
        return len(self._nodes) - 1

    def _length(self, equation: Any) -> int:
        inner = self._nested(equation.params)
        return 1 + sum(self._length(each) for jaxpr in inner for each in jaxpr.eqns)
