"""Predictions as a page: one HTML file that shows every sequence with its sites, its ledger and its trace."""
