"""What several plugins need and none should build: each mechanism once, in words of the field."""
