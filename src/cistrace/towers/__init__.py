"""Sequence CNNs, and the evidence they give by ablation."""
