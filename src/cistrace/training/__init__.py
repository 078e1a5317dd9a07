"""Data to checkpoint, a script a stage: tower, knowledge, cards, rationale, generate, regression, ship."""
