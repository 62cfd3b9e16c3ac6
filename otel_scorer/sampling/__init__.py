"""Which traces are scored: signals of a sealed trace, ordered rules, one keyed draw.

Pure, so that every replica decides alike, and `simulate` as they do.
"""
