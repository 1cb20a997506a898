"""asdex, which detects sparsity from a jaxpr and colors it: optional, imported when asked for.

Hill & Dalle, "Sparser, better, faster, stronger" (2025), https://arxiv.org/abs/2501.17737.
"""

from __future__ import annotations

from importlib.metadata import version
from types import ModuleType


def import_asdex() -> ModuleType:
    """Return the module.

    Raises:
        ImportError: It is not installed, and the sentence says what to install; or the version
            that is does not work with this version of JAX.
    """
    try:
        import asdex
    except ModuleNotFoundError as error:
        raise ImportError(
            "Coloring needs asdex, which is not installed:"
            f" pip install 'jacoscope[sparse]'. ({error})"
        ) from error
    except ImportError as error:
        raise ImportError(
            f"Coloring needs asdex, and asdex {version('asdex')} does not work with jax"
            f" {version('jax')}. Use another batching, or jax 0.10. ({error})"
        ) from error
    return asdex
