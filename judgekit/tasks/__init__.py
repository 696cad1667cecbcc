"""Where items and recorded ratings come from: a user's files, and the tasks that ship with the package."""
