"""How gates are called among pytest's items."""

_PREFIX = "gate="


def gate_name(gate_id: str) -> str:
    """Return the name of the gate's item."""
    return f"{_PREFIX}{gate_id}"


def is_gate(item_name: str) -> bool:
    """Return whether a study's item of that name is a gate, not a run."""
    return item_name.startswith(_PREFIX)
