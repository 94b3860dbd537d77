"""A study's file and the node ids of its items: one spelling in all parts and processes, that of pytest's items.

pytest follows no links when it names what it collects. A file that is met under two names is two studies to it, so
it must be two here as well.
"""

from pathlib import Path


def file_of(node_id: str, root: Path) -> Path:
    """Return the file that an item or collector belongs to; `root` is pytest's rootdir."""
    return root / node_id.partition("::")[0]


def node_id_of(file: Path, root: Path) -> str:
    """Return the node id of a study: relative to the rootdir where it is below, else its whole path."""
    return (file.relative_to(root) if file.is_relative_to(root) else file).as_posix()
