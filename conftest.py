"""What all tests of this project share."""

pytest_plugins = ["pytester"]

# What a correct planner gives for these is tested; as studies of this session they would lack agents.
collect_ignore = ["tests/vectors"]
