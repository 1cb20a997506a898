"""One's own function behind the `#` of a link, which a browser keeps from every server's log.

The same text is what a browser keeps of the editor over a reload. Whoever reads it shows it;
nothing of it is run.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jacoscope.run import DTYPES

from ._own import LARGEST_SOURCE
from ._reading import read_shape

_SPOILT = "The link carries code that can't be read: a part of it may have been lost on its way."
_LONGEST = 6 * LARGEST_SOURCE  # in base 64, of characters that take up to four bytes


def fragment_of(given: Mapping[str, Any]) -> str:
    """Return the code, shape and number type of `given` as a link's fragment, without `#`.

    >>> read_fragment(fragment_of({"source": "f = abs", "shape": "3x2", "dtype": "float32"}))
    {'source': 'f = abs', 'shape': '3x2', 'dtype': 'float32'}
    """
    code = base64.urlsafe_b64encode(given["source"].encode()).decode().rstrip("=")
    parts = {"code": code, "shape": given["shape"], "dtype": given["dtype"]}
    return urlencode({name: part for name, part in parts.items() if part})


def read_fragment(fragment: str) -> dict[str, str]:
    """Return what a link's fragment, with or without `#`, gives: `source`, `shape` and `dtype`.

    Raises:
        ValueError: It can't be read, or is longer than any code that is taken.
    """
    if len(fragment) > _LONGEST:
        raise ValueError(f"The link carries more than {LARGEST_SOURCE:,} characters of code.")
    try:
        parts = dict(parse_qsl(fragment.removeprefix("#"), max_num_fields=8))
        code = parts["code"]
        source = base64.b64decode(
            code + "=" * (-len(code) % 4), altchars=b"-_", validate=True
        ).decode()
        shape = parts.get("shape", "")
        dtype = parts.get("dtype", DTYPES[0])
        if shape:
            read_shape(shape)
    except (KeyError, ValueError, binascii.Error) as error:
        raise ValueError(_SPOILT) from error
    if dtype not in DTYPES or not source.strip():
        raise ValueError(_SPOILT)
    return {"source": source, "shape": shape, "dtype": dtype}
