"""The only way in and out of the data."""
