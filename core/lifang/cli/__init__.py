"""The command line: generic nouns and verbs over the registry."""
