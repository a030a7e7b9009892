"""Extraction pipelines: what brings data in, and what it told of its runs."""
