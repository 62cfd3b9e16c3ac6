"""The shipped checks, one module per family. A rubric names them as `otel_scorer.scoring.checks.<module>:<function>`.

A check is `check(target, **options) -> Verdict | CannotTell`: deterministic, no model, no network, bounded time. What
was not captured is never held against the agent: the answer is then `CannotTell(missing_evidence=True)`.

How a share of faults becomes an estimate is the same everywhere (`scale.graded`) and monotone: more faults never score
higher.
"""
