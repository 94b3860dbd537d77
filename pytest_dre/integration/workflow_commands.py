"""Text of agents that GitHub's runner, which reads what a job prints, would obey as a workflow command."""

import os
import re

# A line that begins with `::`, a lone carriage return ending one too; `##[`, the older form, stands anywhere.
_COMMAND = re.compile(r"(?:^|(?<=[\r\n]))([^\S\r\n]*)(?=::)|(?<=##)(?=\[)")


def are_obeyed() -> bool:
    """Return whether this process prints to such a runner."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def disarmed(text: str) -> str:
    r"""Return the text with a backslash in each command, which then is none: `\::error::…`, `##\[error]…`."""
    return _COMMAND.sub(r"\1\\", text)
