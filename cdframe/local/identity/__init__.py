"""Who is asking: service accounts, groups, API keys and tokens."""
