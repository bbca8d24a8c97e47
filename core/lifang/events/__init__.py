"""The event log: what happened, stored with the change, delivered after it."""
