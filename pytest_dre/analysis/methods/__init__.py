"""Estimates with confidence bounds and p-values, as pure functions on arrays; the statistics behind gates."""
