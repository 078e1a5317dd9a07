"""Arms: ways to predict, every one retrained at equal rows, steps and seeds, and told apart with intervals."""
