"""One study from plan to artifacts, as a pytest session and the Python API share it."""
