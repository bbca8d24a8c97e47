"""The pages: generic lists, details, forms and timelines over the registry."""
