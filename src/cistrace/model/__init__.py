"""Weights and what reads them: towers, evidence, tokenizer, form, language model, head, reasoner."""
