"""Rehearsals: what the instrument finds in judges and people whose truth is known."""
