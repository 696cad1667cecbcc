"""The label study: who labels what, kept so that nothing is lost."""
