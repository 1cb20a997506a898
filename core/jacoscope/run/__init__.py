"""Where work runs: in this process, in worker processes of this machine, or on a Dask cluster."""

from __future__ import annotations

from ._dask import DaskRunner as DaskRunner
from ._dask import cluster_runner as cluster_runner
from ._dask import dask_runner as dask_runner
from ._inline import InlineRunner as InlineRunner
from ._job import Handle as Handle
from ._job import Job as Job
from ._job import Kind as Kind
from ._job import Outcome as Outcome
from ._job import Runner as Runner
from ._launched import LaunchedRunner as LaunchedRunner
from ._local import LocalRunner as LocalRunner
from ._local import local_runner as local_runner
from ._sandbox import sandbox_faults as sandbox_faults
from ._sandbox import sandbox_runner as sandbox_runner
from ._source import DTYPES as DTYPES
from ._source import source_target as source_target
from ._target import direct_target as direct_target
from ._target import function_target as function_target
from ._target import problem_target as problem_target

__all__ = [
    "DTYPES",
    "DaskRunner",
    "Handle",
    "InlineRunner",
    "Job",
    "Kind",
    "LaunchedRunner",
    "LocalRunner",
    "Outcome",
    "Runner",
    "cluster_runner",
    "dask_runner",
    "direct_target",
    "function_target",
    "local_runner",
    "problem_target",
    "sandbox_faults",
    "sandbox_runner",
    "source_target",
]
