"""A model behind an address: a page, a JSON API, GAME's predictor convention; and tools for assistants."""
