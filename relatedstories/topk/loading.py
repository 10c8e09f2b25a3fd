"""Whether the compiled kernel is loaded: to import it takes a third of a second, more than one question needs in all."""

from __future__ import annotations

import sys

__all__ = ["kernel_is_loaded"]


def kernel_is_loaded() -> bool:
    """Return whether this process has imported the compiled kernel.

    Code that has little to compare uses the kernel only where it is loaded, and numpy otherwise; the results are the same.
    """
    return "relatedstories.topk._kernel" in sys.modules
