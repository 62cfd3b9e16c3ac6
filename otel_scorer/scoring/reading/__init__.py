"""A run as checks read it: what was said, how calls and answers went, and how findings become an estimate."""
