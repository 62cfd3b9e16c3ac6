"""The worker that `otel-scorer up` starts: settings come over its standard input, whose end means that the parent
has gone.
"""

from __future__ import annotations

from otel_scorer.online.runtime import prepare_runtime

prepare_runtime()

import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402

from otel_scorer.errors import OtelScorerError  # noqa: E402
from otel_scorer.online.logging_setup import configure_logging  # noqa: E402
from otel_scorer.serve.scoring_parts import read_settings, worker_of  # noqa: E402


def main() -> int:
    settings, urls = read_settings(sys.stdin.buffer)
    configure_logging(settings.log)
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    try:
        return worker_of(settings, urls).run()
    except OtelScorerError as error:
        print(f"otel-scorer work: {error}", file=sys.stderr)
        return 1


def _end_with_parent() -> None:
    # the bare descriptor: a thread that waits inside sys.stdin keeps its lock, and the interpreter aborts at its end
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
