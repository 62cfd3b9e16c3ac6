"""How good checks and rubrics are, over public labelled sets, each figure beside the best trivial baseline.

python -m benchmarks.quality [FOLDER] [--only SET ...] [--out docs/quality.md] [--misses FOLDER]

runs, sets/    a labelled record becomes a trace, as an instrumentation would have recorded it
case           the trace, its label, and what trivial baselines look at
observe        what every shipped check and rubric says of it
figures        measures, baselines, intervals: one row
report         the page
"""
