"""Scoring: what a trace is worth by its rubrics. Pure; the only network is the judge that is handed in."""
