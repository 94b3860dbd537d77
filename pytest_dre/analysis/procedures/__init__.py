"""The tests that analysis plans name, as functions of plain columns."""
