"""The only place that knows pytest's runtime."""
