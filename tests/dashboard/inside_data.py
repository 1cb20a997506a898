"""What a worker says of the inside of a function, made up."""

from __future__ import annotations

from typing import Any

GRAPH = [
    {"kind": "input", "name": "x", "text": "f32[4]", "source": "", "kept": 0, "reads": []},
    {
        "kind": "equation",
        "name": "sin",
        "text": "b:f32[4] = sin a",
        "source": "model.py:7",
        "kept": 16,
        "reads": [(0, "f32[4]")],
    },
]


def kept(size: int, primitive: str, source: str | None) -> dict[str, Any]:
    return {
        "shape": (size // 4,),
        "dtype": "float32",
        "bytes": size,
        "primitive": primitive,
        "source": source,
    }


def a_pass(flops: float | None, message: str = "") -> dict[str, Any]:
    known = flops is not None
    sizes = ("argument_bytes", "output_bytes", "temp_bytes", "predicted_bytes")
    times = ("trace_s", "lower_s", "compile_s")
    return {
        "message": message,
        "flops": flops,
        "flops_note": "loop body counted once" if flops == 300.0 else None,
        "bytes_accessed": 1_000.0 if known else None,
        **dict.fromkeys(sizes, 64 if known else None),
        **dict.fromkeys(times, 0.25 if known else None),
    }


def inside(policy: str, *, reverse: bool = True) -> dict[str, Any]:
    """A function of two lines; without `reverse`, one that has no VJP."""
    line = "/a/model.py:7:4 (<b>f)"
    refused = a_pass(None, "Reverse mode can't pass a loop.")
    return {
        "equations": [
            {"text": "b:f32[4] = sin a", "depth": 0, "source": line, "kept": 16 * reverse},
            {"text": "c:f32[4] = scan[length=3] b", "depth": 0, "source": line, "kept": 0},
            {"text": "d:f32[4] = mul b <i>", "depth": 1, "source": line, "kept": 0},
        ],
        "omitted": 5,
        "graph": GRAPH if reverse else None,
        "kept": [kept(16, "sin", line), kept(48, "constant", None)] if reverse else None,
        "kept_with_policy": [kept(48, "constant", None)] if reverse else None,
        "policy": policy,
        "why_not": "" if reverse else "Reverse mode can't pass a loop.",
        "passes": {
            "f": a_pass(100.0),
            "one JVP": a_pass(300.0),
            "one VJP": a_pass(250.0) if reverse else refused,
            "one VJP, checkpointed": a_pass(350.0) if reverse else refused,
        },
        "hlo": "HloModule jit_f\n  %a = f32[4] fusion(%b)\n  ROOT %c = <tuple>",
        "hlo_omitted": 0,
    }
