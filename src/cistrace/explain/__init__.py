"""What scores of a sequence model are made of: sites, in a sum, and every single base."""
