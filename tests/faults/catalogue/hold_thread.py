"""Stop the first thread of a process, and no other, until the process ends: hold_thread.py PID.

That is what a call looks like that does not come back. See ptrace(2).
"""

from __future__ import annotations

import ctypes
import os
import sys

PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
ALL_THREADS = 0x40000000


def hold(pid: int) -> None:
    """Stop it.

    Raises:
        OSError: the kernel does not allow it.
    """
    library = ctypes.CDLL(None, use_errno=True)
    library.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
        if library.ptrace(request, pid, None, None):
            raise OSError(ctypes.get_errno(), "ptrace")


def wait_for_end(pid: int) -> None:
    """Wait until it has ended; whoever holds a thread is told that first, and has to listen."""
    while os.WIFSTOPPED(os.waitpid(pid, ALL_THREADS)[1]):
        pass


if __name__ == "__main__":
    hold(int(sys.argv[1]))
    wait_for_end(int(sys.argv[1]))
