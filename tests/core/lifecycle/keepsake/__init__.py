"""A plugin that uses every mechanism by which something of it comes to lie in the core's tables."""
