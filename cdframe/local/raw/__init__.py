"""Raw: databases of tables of rows, which are any JSON under a key."""
