"""The contents of files: sent and fetched piece by piece, kept within a folder, read as frames."""
