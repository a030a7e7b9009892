"""Files: what they are called and about, and their contents.

tables     fields, filters, tables
geometry   places of files, and filters by them
family     the rules
blobs      contents on disk
contents   which blobs are the contents of which file; uploads in parts
links      links that authorise themselves
transfers  contents on their way in and out
routes     the routes
"""
