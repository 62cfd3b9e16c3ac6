"""What must be set before gRPC is imported, and after everything is: measured settings of C libraries and collector.

Internal knobs of others: each can be overridden by its own environment variable, and the service works without them.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys

_GRPC_DEFAULTS = {
    # The event engine of grpcio 1.80 and later costs more CPU than the older one for large messages.
    "GRPC_EXPERIMENTS": "-event_engine_listener,-event_engine_client",
    # Its own log lines go to stderr beside ours, in another format, and say nothing that its errors do not.
    "GRPC_VERBOSITY": "NONE",
}
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_MALLOC_VARIABLES = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_ARENA_MAX", "LD_PRELOAD")


def prepare_runtime() -> dict[str, str]:
    """Call before anything imports grpc. What was set, for the log. Environment variables that are set already win."""
    done: dict[str, str] = {}
    if "grpc" in sys.modules:
        done["grpc"] = "imported before prepare_runtime: its settings stay as they are"
    else:
        for name, value in _GRPC_DEFAULTS.items():
            done[name] = os.environ.setdefault(name, value)
    done["malloc"] = "tuned" if _tune_malloc() else "left alone"
    return done


def settle_runtime() -> None:
    """Call once, after all imports and before the first request: the collector never looks at the modules again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)


def _tune_malloc() -> bool:
    """Keep freed memory of large messages instead of giving it back and asking for it again (glibc only).

    Saves CPU on large messages, which are mapped and unmapped one by one otherwise; costs resident memory.
    """
    if any(name in os.environ for name in _MALLOC_VARIABLES) or not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, 1 << 28) and mallopt(_M_TRIM_THRESHOLD, 1 << 29))
