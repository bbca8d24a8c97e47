"""The declaration: a noun people work with, its verbs, and what follows from the model alone."""
