"""Where an outcome's variance comes from, and what more runs would do about it."""
