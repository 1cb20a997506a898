"""How much of the machine the code in a sandbox may have: the system's own limits on a process."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

try:
    import resource
except ImportError:  # Windows
    resource = None

import psutil

_RESERVED_BYTES = 4_000_000_000  # of address space, which threads and compilers never fill


def _room_for_threads() -> int:
    return 64 + 8 * (os.cpu_count() or 1)  # JAX starts some for each processor


@dataclass(frozen=True)
class Confines:
    """What the code in a sandbox may take; whoever started it watches the memory besides.

    Attributes:
        memory_bytes: All of its memory.
        spare_bytes: What the machine is to have left. Some memory, as that of files without a
            name, is no process's, and counts only so.
        scratch_bytes: Its folder for temporary files, which is memory too.
        file_bytes: One file.
        open_files: Files that are open at once.
        processes: Processes and threads.
    """

    memory_bytes: int = 4_000_000_000
    spare_bytes: int = 500_000_000
    scratch_bytes: int = 64_000_000
    file_bytes: int = 32_000_000
    open_files: int = 128
    processes: int = field(default_factory=_room_for_threads)

    def impose(self) -> None:
        """Hold this process to it from now on, and all that it starts; there is no way back."""
        assert resource is not None
        space = psutil.Process().memory_info().vms + self.memory_bytes + _RESERVED_BYTES
        for kind, most in (
            (resource.RLIMIT_AS, space),
            (resource.RLIMIT_FSIZE, self.file_bytes),
            (resource.RLIMIT_NOFILE, self.open_files),
            (resource.RLIMIT_NPROC, self.processes),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_MEMLOCK, 0),
            (resource.RLIMIT_MSGQUEUE, 0),
        ):
            hard = resource.getrlimit(kind)[1]
            held = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (held, held))
