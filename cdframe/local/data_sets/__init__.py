"""Data sets: groups of resources that access is given to and writing is restricted in."""
