"""Verdicts on the claims of a study's gates: what is compared, by which method, and what the data say."""
