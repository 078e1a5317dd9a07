"""Data set to checkpoint: towers, cards, stage I (rationale), generated traces, stage II (regression), export."""
