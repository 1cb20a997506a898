"""See, measure and choose how JAX differentiates your function."""

from __future__ import annotations

from ._advice import Advice as Advice
from ._advise import advise as advise
from ._auto import hessian as hessian
from ._auto import jacobian as jacobian
from ._autotune import Tuned as Tuned
from ._autotune import autotune as autotune
from ._chunks import JacobianChunk as JacobianChunk
from ._chunks import JacobianChunks as JacobianChunks
from ._code import snippet as snippet
from ._compare import compare as compare
from ._hessian import hvp as hvp
from ._limits import MemoryLimitError as MemoryLimitError
from ._linear import linear_part as linear_part
from ._matrix import LabeledMatrix as LabeledMatrix
from ._matrix import as_matrix as as_matrix
from ._measurement import Measurement as Measurement
from ._notebook import notebook as notebook
from ._products import jmp as jmp
from ._products import jvp as jvp
from ._products import mjp as mjp
from ._products import vgrad as vgrad
from ._products import vjp as vjp
from ._residuals import Residual as Residual
from ._residuals import residuals as residuals
from ._roofline import RooflinePoint as RooflinePoint
from ._strategy import Strategy as Strategy
from ._streaming import jacobian_chunks as jacobian_chunks
from ._study import Change as Change
from ._study import Study as Study
from .problems import Problem as Problem
from .problems import problem as problem
from .problems import problems as problems

__all__ = [
    "Advice",
    "Change",
    "JacobianChunk",
    "JacobianChunks",
    "LabeledMatrix",
    "Measurement",
    "MemoryLimitError",
    "Problem",
    "Residual",
    "RooflinePoint",
    "Strategy",
    "Study",
    "Tuned",
    "advise",
    "as_matrix",
    "autotune",
    "compare",
    "hessian",
    "hvp",
    "jacobian",
    "jacobian_chunks",
    "jmp",
    "jvp",
    "linear_part",
    "mjp",
    "notebook",
    "problem",
    "problems",
    "residuals",
    "snippet",
    "vgrad",
    "vjp",
]
