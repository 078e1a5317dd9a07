"""The version of this package; it stands alone so that every layer may ask for it."""

__version__ = "0.1.0"
