"""What on the command line decides where a study's results are."""

import pytest


def place_options(config: pytest.Config) -> list[str]:
    """Return the options that a further command needs to find the same store: pytest's ini file, rootdir and output."""
    option = config.option
    options = ["-c", option.inifilename] if option.inifilename else []
    options += ["--rootdir", option.rootdir] if option.rootdir else []
    for override in option.override_ini or ():
        options += ["-o", override] if override.startswith("dre_") else []
    options += ["--dre-output", option.dre_output] if option.dre_output else []
    return [str(text) for text in options]
