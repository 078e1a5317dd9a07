"""Writers of traces that need no trained reasoner."""
