"""Language models that write traces and score them."""
