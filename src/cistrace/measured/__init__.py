"""Measured tables of any layout: rows, splits, levels, and what one split shares with another."""
