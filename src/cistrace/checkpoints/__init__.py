"""A model on disk: what it says of itself, its files, its calibration."""
