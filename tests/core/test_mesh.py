"""Derivatives on several devices against JAX's own on one, and what each device holds of them.

How many devices a process has is said before JAX starts, so that one script makes all of it; see
`mesh_scenes.py`.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh

import jacoscope as jsc
from tests.helpers import branching

COUNTS = (1, 2, 3, 8)
DIVIDED = ("forward vmap", "forward chunked", "linearize chunked", "reverse vmap", "reverse map")
TRAVELS = {  # of the axes of a Jacobian, how many of the eight devices share it
    "16×23": 1 / 8,
    "15×24": 1 / 8,
    "7×11": 1.0,
}

Told = list[dict[str, Any]]


def scenes(*arguments: Any) -> subprocess.Popen[str]:
    devices = 1 if "--process" in arguments else 8
    told = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
        "JAX_PLATFORMS": "cpu",
        "JAX_ENABLE_X64": "1",
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.core.mesh_scenes", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **told},
    )


def heard(script: subprocess.Popen[str]) -> Told:
    out, errors = script.communicate(timeout=240)
    assert script.returncode == 0, errors[-3000:]
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    script = scenes(*COUNTS)
    try:
        yield heard(script)
    finally:
        script.kill()


@pytest.mark.parametrize("devices", [*COUNTS, "4×2"])
def test_what_devices_share_equals_jax(told: Told, devices: Any) -> None:
    found = [each for each in told if each["devices"] == devices and "error" in each]
    assert len(found) >= 9  # and colored ones, where asdex works
    assert [each for each in found if not each["error"] < 1e-10] == []


def test_colored_ones_are_among_them(told: Told) -> None:
    pytest.importorskip("asdex", exc_type=ImportError)
    names = {each["case"] for each in told if each["devices"] == 8}
    assert {"colored forward 25", "colored reverse 24", "colored mixed 24"} <= names
    assert {"colored hessian", "colored diagonal", "pattern that lacks an entry"} <= names


def share(told: Told, case: str, devices: Any = 8) -> float:
    (found,) = (
        each["share"]
        for each in told
        if (each["case"], each["devices"]) == (case, devices) and "share" in each
    )
    return found


@pytest.mark.parametrize("case", [*DIVIDED, "under jit", "hessian", "diagonal", "16 GGN products"])
def test_each_device_keeps_its_part(told: Told, case: str) -> None:
    assert share(told, case) == 1 / 8


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("shape", TRAVELS)
def test_sizes_that_do_not_divide_lie_along_the_other_axis(
    told: Told, mode: str, shape: str
) -> None:
    assert share(told, f"{mode} {shape}") == TRAVELS[shape]


def test_what_stays_whole_on_each_device_is_said_aloud(told: Told) -> None:
    said = {each["case"]: each["said"] for each in told if "said" in each}
    (warning,) = said["whole"]
    assert warning.startswith("8 devices can't share 1.06 MB of the result evenly")
    assert said["asked for whole"] == []


def test_meshes_as_users_have_them(told: Told) -> None:
    assert share(told, "explicit axes") == share(told, "another mesh is set") == 1 / 8
    assert [each["types"] for each in told if "types" in each] == [["Auto"]]


def test_gathered_is_whole_on_each(told: Told) -> None:
    assert share(told, "gathered") == 1.0


@pytest.mark.parametrize(
    ("shape", "part"),
    [("6×10", 1 / 2), ("10×4", 1 / 8), ("8×5", 1 / 8), ("12×6", 1 / 8), ("5×7", 1.0)],
)
def test_a_mesh_of_two_axes_divides_by_each(told: Told, shape: str, part: float) -> None:
    assert share(told, f"forward {shape}", "4×2") == part
    assert share(told, f"reverse {shape}", "4×2") == part


def test_nothing_travels_between_devices_but_what_is_exchanged(told: Told) -> None:
    found = {each["case"]: each["collectives"] for each in told if "collectives" in each}
    assert found.pop("exchanged") == ["all-to-all"]
    assert found == {each: [] for each in ("forward", "reverse", "linearize", "hessian", "GGN")}


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_memory_of_a_device_falls_as_devices_grow(told: Told, mode: str) -> None:
    needs = {each["devices"]: each["bytes"] for each in told if each["case"] == f"memory {mode}"}
    for devices in (2, 8):
        assert needs[devices] * devices == pytest.approx(needs[1], rel=0.2)


def test_a_comparison_measures_sharing_beside_one_device(told: Told) -> None:
    rows = {each["row"]["strategy"]: each["row"] for each in told if "row" in each}
    alone, shared = rows["forward/vmap"], rows["forward/vmap/sharded"]
    assert (alone["device"], shared["device"]) == ("cpu:0", "cpu:0-1")
    assert 2 * shared["output_bytes"] == alone["output_bytes"] == 32 * 64 * 8
    assert {each["status"] for each in rows.values()} == {"ok"}
    assert max(each["error"] for each in rows.values()) < 1e-10
    assert shared["median_s"] > 0
    assert "those of each device" in shared["message"]
    assert "forward/chunked/4/sharded" in rows
    assert "forward/chunked/16/sharded" not in rows  # all that each device has


def test_scripts_of_shared_strategies_are_short(told: Told) -> None:
    found = [each for each in told if "lines" in each]
    assert len(found) == 7
    assert max(each["lines"] for each in found) <= 30
    assert max(each["longest"] for each in found) <= 100


def test_where_no_short_script_is_the_call_is_named() -> None:
    with pytest.raises(ValueError, match=r"no short script of forward/colored/sharded: `jaco"):
        jsc.snippet("forward/colored/sharded")
    with pytest.raises(ValueError, match="no short script of reverse/vmap/sharded of pytrees"):
        jsc.snippet("reverse/vmap/sharded", pytree=True)


def test_a_memory_limit_is_that_of_each_device(told: Told) -> None:
    found = {each["case"]: each for each in told}
    whole = 128 * 128 * 8
    assert found["advice"]["strategy"].endswith("/sharded")
    assert whole / 8 < found["advice"]["bytes"] <= whole / 2
    assert found["within"]["error"] < 1e-10
    assert found["within"]["share"] == 1 / 8
    assert whole / 8 < found["refused shared"]["bytes"] < found["refused alone"]["bytes"] / 4


@pytest.mark.parametrize("count", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_processes_share_as_devices_do(count: int) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    scripts = [scenes("--process", number, count, port) for number in range(count)]
    try:
        answers = [heard(each) for each in scripts]
    finally:
        for each in scripts:
            each.kill()
    for answer in answers:
        assert len(answer) >= 7  # and a colored one, where asdex works
        assert [each for each in answer if not each["error"] < 1e-10] == []
    halved = {each["case"]: each["share"] for each in answers[0]}
    assert halved["forward vmap"] == halved["reverse vmap"] == 1 / count


def test_one_device_is_a_mesh_of_one() -> None:
    x = jnp.arange(3.0)
    alone = jsc.jacobian(
        jnp.sin, x, "forward", "vmap", device=Mesh(np.array(jax.devices()[:1]), ("i",))
    )
    np.testing.assert_allclose(alone, np.diag(np.cos(x)), rtol=1e-6)


def test_what_can_not_be_shared_says_so() -> None:
    x = jnp.ones(3)
    with pytest.raises(ValueError, match=r"`batching='folded'` is for one device; take vmap"):
        jsc.jacobian(jnp.sin, x, "forward", "folded", device="all")
    with pytest.raises(ValueError, match=r"`order='full_hessian'` is `jax.hessian`, on one device"):
        jsc.hessian(jnp.sum, x, "full_hessian", device="all")
    with pytest.raises(ValueError, match=r"must name devices among cpu:0.*got 'cpu:0-98765'"):
        jsc.jacobian(jnp.sin, x, device="cpu:0-98765")
    with pytest.raises(ValueError, match="each once, but got 'cpu:0,cpu:0'"):
        jsc.jacobian(jnp.sin, x, device="cpu:0,cpu:0")
    with pytest.raises(jax.errors.TracerBoolConversionError) as caught:
        jsc.jacobian(branching, x, "forward", "vmap", device="all")
    assert "vmap or loop run eagerly" in "".join(caught.value.__notes__)
