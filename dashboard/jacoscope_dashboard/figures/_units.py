"""Units on the axes: the rules of `jacoscope._units` once more, for ticks that follow a zoom."""

from __future__ import annotations

from jacoscope._units import BYTES, RATES, SECONDS
from jacoscope._units import UNKNOWN as UNKNOWN
from jacoscope._units import format_bytes as format_bytes
from jacoscope._units import format_count as format_count
from jacoscope._units import format_rate as format_rate
from jacoscope._units import format_seconds as format_seconds
from jacoscope._units import significant as significant
from jacoscope._units import three_digits as three_digits

_JS = """
if (!isFinite(tick)) return "";
if (tick == 0) return "0";
const units = %s;
const size = Math.abs(tick);
const [one, name] = units.find(([u, _]) => size >= 0.9995 * u) ?? units[units.length - 1];
return String(Number((tick / one).toPrecision(4))).replace("-", "\\u2212") + "\\u00a0" + name;
"""
SECONDS_JS = _JS % str([list(unit) for unit in SECONDS])
BYTES_JS = _JS % str([list(unit) for unit in BYTES])
RATE_JS = _JS % str([list(unit) for unit in RATES])
NUMBER_JS = """
if (!isFinite(tick)) return "";
return String(Number(tick.toPrecision(3))).replaceAll("-", "\u2212");
"""
COUNT_JS = 'return isFinite(tick) ? Number(tick.toPrecision(12)).toLocaleString("en-US") : "";'
