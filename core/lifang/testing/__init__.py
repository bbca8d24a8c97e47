"""Fixtures and conformance for the tests of the core and of every plugin."""
