"""End to end: the walks of the architecture, and what follows from one declaration."""
