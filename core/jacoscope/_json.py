"""Reads JSON that may be anyone's."""

from __future__ import annotations

import json
from typing import Any


def read_json(content: bytes, name: str = "This") -> Any:
    """Return the value of a text of JSON.

    Args:
        content: The text, in UTF-8, or as `json.loads` finds out.
        name: What a sentence is to call it.

    Raises:
        ValueError: It is no JSON.
    """
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError(f"{name} is not JSON that can be read: it is nested too deep.") from None
    except ValueError as error:
        raise ValueError(f"{name} is not JSON: {error}.") from None
