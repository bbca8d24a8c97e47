"""The reference pages, each made from what the code declares."""
