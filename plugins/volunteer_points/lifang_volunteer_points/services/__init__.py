"""What is done and what must hold, one noun a file."""
