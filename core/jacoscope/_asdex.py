"""asdex, which detects sparsity from a jaxpr and colors it: optional, imported when asked for.

Hill & Dalle, "Sparser, better, faster, stronger" (2025), https://arxiv.org/abs/2501.17737.
"""

from __future__ import annotations

from types import ModuleType


def import_asdex() -> ModuleType:
    """Return the module.

    Raises:
        ImportError: It is not installed; the sentence says what to install.
    """
    try:
        import asdex
    except ImportError as error:
        raise ImportError(
            "Coloring needs asdex, which is not installed:"
            f" pip install 'jacoscope[sparse]'. ({error})"
        ) from error
    return asdex
