"""Motif libraries and the scanner that finds FIMO's hits."""
