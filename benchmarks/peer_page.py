"""The peer of page_speed.py: hvplot's explorer on the matrix that our page shows first.

Serve it with `panel serve benchmarks/peer_page.py`.
"""

import hvplot.xarray  # pyright: ignore[reportMissingImports] (not in the test extra)
import numpy as np
import panel as pn
import xarray as xr  # pyright: ignore[reportMissingImports]

import jacoscope as jsc

pn.extension()


def matrix() -> xr.DataArray:
    """The Jacobian of the logistic regression, by its closed form."""
    problem = jsc.problem("logistic_regression")
    assert problem.jacobian is not None
    values = np.asarray(problem.jacobian(problem.x))
    axes = {"output": np.arange(values.shape[0]), "input": np.arange(values.shape[1])}
    return xr.DataArray(values, coords=axes, dims=("output", "input"), name="derivative")


data = pn.state.as_cached("matrix", matrix)
hvplot.explorer(data, kind="image", x="input", y="output", cmap="RdBu_r").servable()
