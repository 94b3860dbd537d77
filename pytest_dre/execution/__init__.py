"""One run: a run spec, an agent and a problem become a result."""
