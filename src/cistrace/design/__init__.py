"""Designed sequences: the search for them, and what speaks for and against them."""
