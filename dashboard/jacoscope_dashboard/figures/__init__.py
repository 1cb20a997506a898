"""Pure functions from plain data to HoloViews elements, and each figure in one sentence.

A figure returns the same composition whatever the data, so that a `DynamicMap` can feed it.
"""

from ._compile_times import compile_times as compile_times
from ._equations import equations as equations
from ._equations import summary_equations as summary_equations
from ._finish import frames_later as frames_later
from ._grid import Filled as Filled
from ._groups import groups as groups
from ._groups import summary_groups as summary_groups
from ._heatmap import heatmap as heatmap
from ._memory import memory as memory
from ._mode_map import Cell as Cell
from ._mode_map import mode_map as mode_map
from ._palette import DARK as DARK
from ._palette import LIGHT as LIGHT
from ._palette import MARKERS as MARKERS
from ._palette import Palette as Palette
from ._palette import palette as palette
from ._palette import readable as readable
from ._pixels import heatmap_png as heatmap_png
from ._problem_map import Case as Case
from ._problem_map import problem_map as problem_map
from ._products import product_board as product_board
from ._products import vector_bars as vector_bars
from ._roof import roofline as roofline
from ._roof import summary_roofline as summary_roofline
from ._rows import kind_of as kind_of
from ._singular import singular_values as singular_values
from ._singular import summary_singular_values as summary_singular_values
from ._still import heatmap_html as heatmap_html
from ._summary import summary_compile_times as summary_compile_times
from ._summary import summary_heatmap as summary_heatmap
from ._summary import summary_memory as summary_memory
from ._summary import summary_speed_up as summary_speed_up
from ._summary import summary_sweep as summary_sweep
from ._summary import summary_sweep_memory as summary_sweep_memory
from ._summary import summary_times as summary_times
from ._summary import summary_tradeoff as summary_tradeoff
from ._sweep import IDEAL as IDEAL
from ._sweep import sweep_memory as sweep_memory
from ._sweep import sweep_speed_up as sweep_speed_up
from ._sweep import sweep_times as sweep_times
from ._sweep import sweep_totals as sweep_totals
from ._times import times as times
from ._tradeoff import tradeoff as tradeoff
from ._units import format_bytes as format_bytes
from ._units import format_count as format_count
from ._units import format_rate as format_rate
from ._units import format_seconds as format_seconds
from ._units import significant as significant
from ._units import three_digits as three_digits

__all__ = [
    "DARK",
    "IDEAL",
    "LIGHT",
    "MARKERS",
    "Case",
    "Cell",
    "Filled",
    "Palette",
    "compile_times",
    "equations",
    "format_bytes",
    "format_count",
    "format_rate",
    "format_seconds",
    "frames_later",
    "groups",
    "heatmap",
    "heatmap_html",
    "heatmap_png",
    "kind_of",
    "memory",
    "mode_map",
    "palette",
    "problem_map",
    "product_board",
    "readable",
    "roofline",
    "significant",
    "singular_values",
    "summary_compile_times",
    "summary_equations",
    "summary_groups",
    "summary_heatmap",
    "summary_memory",
    "summary_roofline",
    "summary_singular_values",
    "summary_speed_up",
    "summary_sweep",
    "summary_sweep_memory",
    "summary_times",
    "summary_tradeoff",
    "sweep_memory",
    "sweep_speed_up",
    "sweep_times",
    "sweep_totals",
    "three_digits",
    "times",
    "tradeoff",
    "vector_bars",
]
