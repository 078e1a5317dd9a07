"""Honest evaluation: stored predictions, metrics with intervals, rates of verified traces."""
