"""Labels: definitions of the tags that resources carry."""
