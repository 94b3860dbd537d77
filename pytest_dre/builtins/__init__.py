"""First-party implementations of the hooks."""
