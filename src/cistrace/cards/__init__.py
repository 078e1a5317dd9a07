"""The card: what may be cited about a sequence in a cell type."""
