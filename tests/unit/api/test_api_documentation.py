"""The examples of the documentation run as they stand."""

import re
from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs" / "python-api.md"


def test_the_documented_notebook_runs(here, capsys):
    namespace = {"__name__": "__main__"}
    blocks = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, str(DOCUMENT), "exec"), namespace)
    assert capsys.readouterr().out == "60 runs, 60 successful\n"
    assert (here / "artifacts" / "dice" / "manifest.json").is_file()
    assert (here / "dice.study.yaml").is_file()
