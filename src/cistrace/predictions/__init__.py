"""What is predicted of one sequence, and how it is written and shown."""
