"""The truth about every agent trace that has not ended: keys and scripts in Valkey or Redis (design 2.4)."""
