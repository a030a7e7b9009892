"""Synthetic time series: expressions over time series, parsed and computed.

tree        what an expression is, once parsed
functions   what its operators and functions do to columns of numbers, and how they fail
grammar     text to tree
inputs      a referenced series, or its aggregate, as a function of time
evaluation  the rows of an expression
"""
