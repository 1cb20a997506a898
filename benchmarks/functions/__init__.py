"""Functions that people differentiate, written for the benchmarks: each with its point.

Every maker draws its constants from a fixed seed, in float32, and returns the function and the
point; sizes are its arguments.
"""

from __future__ import annotations

from ._networks import attention as attention
from ._networks import convolution_network as convolution_network
from ._networks import graph_network as graph_network
from ._networks import network_by_parameters as network_by_parameters
from ._networks import physics_informed as physics_informed
from ._networks import softmax_regression as softmax_regression
from ._signals import b_spline as b_spline
from ._signals import homography as homography
from ._signals import log_mel as log_mel
from ._signals import natural_spline as natural_spline
from ._signals import spectral_burgers as spectral_burgers
from ._signals import whitened_polynomials as whitened_polynomials
from ._statistics import diffusion_paths as diffusion_paths
from ._statistics import kalman_filter as kalman_filter
from ._statistics import ridge_predictions as ridge_predictions
from ._statistics import sinkhorn as sinkhorn
from ._systems import collocation as collocation
from ._systems import diffusion_residual as diffusion_residual
from ._systems import n_body as n_body
from ._systems import power_flow as power_flow
from ._systems import reaction_network as reaction_network
from ._systems import robot_arm as robot_arm

__all__ = [
    "attention",
    "b_spline",
    "collocation",
    "convolution_network",
    "diffusion_paths",
    "diffusion_residual",
    "graph_network",
    "homography",
    "kalman_filter",
    "log_mel",
    "n_body",
    "natural_spline",
    "network_by_parameters",
    "physics_informed",
    "power_flow",
    "reaction_network",
    "ridge_predictions",
    "robot_arm",
    "sinkhorn",
    "softmax_regression",
    "spectral_burgers",
    "whitened_polynomials",
]
