"""Events: what happened to assets, and when."""
