"""What a variant does to the activity of the sequence around it, in every cell type."""
