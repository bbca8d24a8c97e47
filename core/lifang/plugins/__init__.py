"""Plugins: what one declares, how it is found, where it is switched on, how it is kept apart."""
