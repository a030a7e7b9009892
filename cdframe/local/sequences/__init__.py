"""Sequences: rows of typed values by row number, and what their columns are called and mean.

columns  the definitions of columns, and what updates make of them
tables   fields, filters, properties, tables
family   the rules
rows     rows in memory, column by column
cells    rows as tables keep them
store    rows in blocks: read, written, deleted
inserts  rows in requests
pages    what lists of rows ask for, and their answers
"""
