"""What instrumentations write, read into one form: what an agent span is, its kind, and its evidence, whatever the
dialect.

Pure: no protobuf, no network. `markers` (is it an agent span), `kinds` (which kind), `read` (all evidence, or one
cheap part of it); one module for each dialect or encoding beneath them.
"""
