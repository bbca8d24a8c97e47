"""The REST API: one generic route over the registry."""
