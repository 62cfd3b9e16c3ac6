"""Rubrics as files: their format, their versions, and which of them scores what."""
