"""cistrace: measured activity of regulatory DNA, predicted with reasons that can be checked."""

__version__ = "0.1.0"
