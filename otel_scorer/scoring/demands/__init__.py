"""Instructions that can be verified by looking: found in prompts, held against answers."""
