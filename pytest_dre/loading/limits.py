"""How much a study file may hold. Beyond that it is a mistake or an attack, and reading it would take too long."""

MAX_VALUES = 100_000  # keys and values, aliases expanded
MAX_CHARACTERS = 10_000_000  # of keys and values, aliases expanded
MAX_DEPTH = 64
MAX_DIGITS = 308  # of a number: beyond, it has no floating-point value
MAX_FAULTS = 200  # looked for; a screen shows far fewer
