"""Data points: stored in blocks, inserted, deleted, read raw and as aggregates."""
