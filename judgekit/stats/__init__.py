"""Statistics of agreement: pure functions on a study, each a registered option, all on one resampling engine."""
