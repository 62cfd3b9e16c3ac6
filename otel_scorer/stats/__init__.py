"""Statistics of scores: pure functions over numbers, no files, no network."""
