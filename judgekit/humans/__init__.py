"""Where people's ratings come from: recorded with the study, or simulated."""
