"""Where the nodes of a directed graph stand: in layers, each below all that it reads.

The layers are those of the longest path (Sugiyama, Tagawa & Toda 1981, Methods for visual
understanding of hierarchical system structures). An edge over several layers bends at a point in
each of them. In every layer nodes and bends are in the order of the mean place of their neighbors,
and as near to it as they can be without touching.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]
_SWEEPS = 6
_LIGHT = 1e-6  # the weight of what draws nobody to its side
_BEND = 0.3  # the room that a bend takes, in units of a node's


@dataclass(frozen=True)
class Layered:
    """A graph that has been laid out.

    Attributes:
        places: x and layer of each node; the layers count from 0, downwards.
        routes: The points of each edge, from its first node to its second.
    """

    places: list[Point]
    routes: list[list[Point]]


def layered(
    count: int,
    edges: Sequence[tuple[int, int]],
    last: Sequence[int] = (),
    light: Sequence[int] = (),
) -> Layered:
    """Lay out a graph.

    Args:
        count: How many nodes there are.
        edges: Pairs of nodes, the first one with the smaller number.
        last: Nodes that belong in the last layer.
        light: Nodes that draw nobody to their side.
    """
    layer = _layers(count, edges, set(last))
    widths = [1.0] * count
    chains = []
    for maker, reader in edges:
        bends = range(len(layer), len(layer) + max(layer[reader] - layer[maker] - 1, 0))
        layer += range(layer[maker] + 1, layer[reader])
        widths += [_BEND] * len(bends)
        chains.append([maker, *bends, reader])
    x = _across(layer, widths, chains, set(light))
    places = [(x[node], float(layer[node])) for node in range(len(layer))]
    return Layered(places[:count], [[places[node] for node in chain] for chain in chains])


def _layers(count: int, edges: Sequence[tuple[int, int]], last: set[int]) -> list[int]:
    layer = [0] * count
    for maker, reader in sorted(edges, key=lambda edge: edge[1]):
        layer[reader] = max(layer[reader], layer[maker] + 1)
    if last:
        lowest = max(layer)
        layer = [lowest if node in last else at for node, at in enumerate(layer)]
    makers = {reader for _, reader in edges}
    for node in range(count):  # what reads nothing stands right above what reads it
        below = [layer[reader] for maker, reader in edges if maker == node]
        if node not in makers and below:
            layer[node] = min(below) - 1
    return layer


def _across(
    layer: list[int], widths: list[float], chains: list[list[int]], light: set[int]
) -> list[float]:
    rows: defaultdict[int, list[int]] = defaultdict(list)
    for node, at in enumerate(layer):
        rows[at].append(node)
    above, below = defaultdict(list), defaultdict(list)
    for chain in chains:
        for one, other in pairwise(chain):
            if one not in light:
                above[other].append(one)
            below[one].append(other)
    x = [0.0] * len(layer)
    for row in rows.values():
        _set_apart(row, [float(i) - (len(row) - 1) / 2 for i in range(len(row))], widths, light, x)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for at in sorted(rows, reverse=not down):
            near = above if down else below
            wanted = {
                node: sum(x[each] for each in near[node]) / len(near[node])
                if near[node]
                else x[node]
                for node in rows[at]
            }
            rows[at].sort(key=lambda node: (wanted[node], x[node]))
            _set_apart(rows[at], [wanted[node] for node in rows[at]], widths, light, x)
    return x


def _set_apart(
    row: list[int], wanted: list[float], widths: list[float], light: set[int], x: list[float]
) -> None:
    """Place a row in its order, without overlap, with the least squares of moves (PAVA)."""
    offsets, at = [], 0.0
    for i, node in enumerate(row):
        at += (widths[row[i - 1]] + widths[node]) / 2 if i else 0.0
        offsets.append(at)
    blocks: list[tuple[float, float, int]] = []  # weighted shifts, weights, and how many
    for node, want, offset in zip(row, wanted, offsets, strict=True):
        weight, many = _LIGHT if node in light else 1.0, 1
        total = weight * (want - offset)
        while blocks and blocks[-1][0] / blocks[-1][1] > total / weight:
            before, more, members = blocks.pop()
            total, weight, many = total + before, weight + more, many + members
        blocks.append((total, weight, many))
    shifts = [total / weight for total, weight, many in blocks for _ in range(many)]
    for node, shift, offset in zip(row, shifts, offsets, strict=True):
        x[node] = shift + offset
