"""A reward for designed DNA: one number a sequence, what it is made of, and a differentiable form of it."""
