"""`python -m otel_scorer` is `otel-scorer`."""

from otel_scorer.cli import main

if __name__ == "__main__":
    main()
