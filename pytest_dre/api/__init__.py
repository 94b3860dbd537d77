"""Studies from Python: scripts and notebooks plan and run them without pytest, on the same layers."""
