"""Puts an instance together: opening it, its web application, serving it, its command line."""
