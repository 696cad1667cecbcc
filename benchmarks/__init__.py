"""Benchmarks: each prints seconds and the ratio against its named baseline, measured in the same run."""
