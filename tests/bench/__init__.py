"""Benchmarks: ratios of one interleaved run, never timed tests (`make bench`)."""
