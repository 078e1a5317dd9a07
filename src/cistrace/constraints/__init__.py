"""What a designed sequence must keep to: read from a file, checked, measured in edits."""
