"""Dual reporting (双报到) for Lifang."""
