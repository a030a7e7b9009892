"""Extraction pipelines: what brings data in, what it told of its runs, and how it was configured."""
