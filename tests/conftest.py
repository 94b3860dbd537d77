"""Property tests: the same examples every time, and no time limit that a busy machine could break."""

from hypothesis import settings

settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")
