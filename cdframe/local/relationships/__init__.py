"""Relationships: from one resource to another, by external ids, for a time."""
