"""What planned gates and tests can show: smallest detectable effects, and the runs that a claim needs."""
