"""What is done with each noun, and what must hold of it."""
