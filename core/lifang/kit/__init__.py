"""What every layer needs and none owns: errors, words, time, settings, identifiers, text."""
