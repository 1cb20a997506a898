"""The page's process never starts a JAX backend: on a GPU that alone would take its memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import numpy as np
from jacoscope_dashboard import Explorer, explore
from tests.dashboard.helpers import FakeRunner, Pump, finished, study

page, runner = Pump(), FakeRunner()
explorer = Explorer(runner=runner, hop=page.hop, query="batch=8&mode=reverse")
page.until(lambda: explorer.session.matrix.state == "ok")
for problem in explorer.experiment.param.problem.objects[:-1]:
    explorer.experiment.problem = problem
explorer.controls.more.active = [0]
explorer.experiment.problem = "logistic_regression"
explorer.experiment.set_knob("dtype", "float64")
explorer.run()
runner.last("compare").finish(finished(study()))
page.until(lambda: explorer.study is not None)
explorer.sweep()
explorer.tab = "products"
page.until(lambda: "products" in explorer.later and explorer.session.products.picture)
explorer.code()
explore(np.sin, np.ones(3), runner=FakeRunner())

import jax
try:
    jax.devices()
except RuntimeError:
    print("no backend was there")
"""


def test_no_backend_in_the_process_of_the_page() -> None:
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "JAX_PLATFORMS": "no_such_platform", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "no backend was there" in done.stdout
