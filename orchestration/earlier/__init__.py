"""Databases of the earlier system: what they look like, taking one in whole, and what became of each row."""
