"""Many products with a Jacobian: a loop over single products against `vmap`, side by side.

    python benchmarks/products.py

128 vectors, on the JAX documentation's 4×3 logistic regression and on one of 512×64, for `mjp` and
for `jmp`, jitted and not. The ways of one table are timed in turns in one process: every call is
awaited, compiling and a warm-up come first, fast calls are repeated until a sample lasts 5 ms, and
the medians are compared. Exits 1 where vmap wins by less than is asked of it.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial

import jax

import jacoscope as jsc
from rounds import Call, medians

SIZES = {"4×3": (4, 3), "512×64": (512, 64)}
PRODUCTS = {"mjp": jsc.mjp, "jmp": jsc.jmp}

# How many times faster than the loop vmap has to be: (size, jitted) → ratio.
WANTED = {("4×3", True): 2.0, ("4×3", False): 10.0, ("512×64", False): 10.0}


def make_calls(product: str, batch: int, features: int, vectors: int) -> dict[tuple, Call]:
    """Return (jitted, batching) → a call that computes the product."""
    p = jsc.problem("logistic_regression", batch=batch, features=features)
    like = p.x if product == "jmp" else p.f(p.x)
    matrix = jax.random.normal(jax.random.key(1), (vectors, *like.shape), like.dtype)
    calls: dict[tuple, Call] = {}
    for batching in "loop", "vmap":
        way = partial(PRODUCTS[product], p.f, batching=batching)
        calls[False, batching] = partial(way, p.x, matrix)
        calls[True, batching] = partial(jax.jit(lambda x, M, way=way: way(x, M)), p.x, matrix)
    return calls


def main() -> int:
    parser = argparse.ArgumentParser(description="A loop of products against vmap.")
    parser.add_argument("--vectors", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()

    device = jax.devices()[0]
    print(f"JAX {jax.__version__} on {device.platform}, {args.vectors} vectors, float32,")
    print(f"medians of {args.rounds} samples each, in ms\n")
    print(
        f"{'product':8} {'size':7} {'jitted':7} {'loop':>10} {'vmap':>10} {'loop/vmap':>10}  asked"
    )
    short = 0
    for size, (batch, features) in SIZES.items():
        for product in PRODUCTS:
            found = medians(make_calls(product, batch, features, args.vectors), args.rounds)
            for jitted in True, False:
                loop, vmap = found[jitted, "loop"], found[jitted, "vmap"]
                asked = WANTED.get((size, jitted))
                ok = asked is None or loop / vmap >= asked
                short += not ok
                note = "–" if asked is None else f"≥ {asked:g}{'' if ok else '  FALLS SHORT'}"
                times = f"{loop * 1e3:10.3f} {vmap * 1e3:10.3f} {loop / vmap:10.1f}"
                print(f"{product:8} {size:7} {'yes' if jitted else 'no':7} {times}  {note}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
