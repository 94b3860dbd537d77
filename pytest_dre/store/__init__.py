"""The run store: one SQLite database a study, written by every process that runs it."""
