"""What judges the source of a plugin before it is installed; no running instance imports it."""
