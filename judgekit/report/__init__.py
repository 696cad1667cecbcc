"""The report of a run and what a paper takes from it: written from what the run holds, nothing computed anew."""
