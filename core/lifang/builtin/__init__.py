"""The core as its own first plugin: its nouns are declared in the words every plugin uses."""
