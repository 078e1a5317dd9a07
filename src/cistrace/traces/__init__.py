"""Reasoning traces: their words, claims, parsing, verification."""
