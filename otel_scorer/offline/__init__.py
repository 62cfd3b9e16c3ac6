"""Scoring of recorded traces: the same rubrics, by the same code, as online."""
