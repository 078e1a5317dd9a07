"""Measured activity: any table of it, its splits, levels, folds and associations."""
