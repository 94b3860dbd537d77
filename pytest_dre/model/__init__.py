"""Frozen values: the study's schema, its conditions and runs. No behaviour beyond their own invariants."""
