"""Where results come from: software, platform and the state of the study's repository."""

import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from pytest_dre._version import __version__
from pytest_dre.model.study import Study

_GIT_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Provenance:
    """What an export was made with and from. It names no user, no host and no environment variable.

    Attributes:
        versions: Package → version; "python" is the interpreter.
        platform: Operating system, its version and the machine's architecture.
        git_commit: Commit of the study's repository, None without one.
        git_dirty: Whether files that the repository tracks differ from that commit; None if unknown.
        study: The study's own `provenance_metadata`.
    """

    versions: Mapping[str, str | None]
    platform: str
    git_commit: str | None = None
    git_dirty: bool | None = None
    study: Mapping[str, Any] = field(default_factory=dict)


def gather_provenance(study_dir: Path, study: Study) -> Provenance:
    """Return the provenance of `study`, whose file stands in `study_dir`. Never raises for want of git."""
    commit = _git(study_dir, "rev-parse", "--verify", "HEAD")
    # Untracked files do not count: the artifacts themselves would make every tree dirty.
    changes = _git(study_dir, "status", "--porcelain", "--untracked-files=no") if commit else None
    return Provenance(
        versions={
            "python": platform.python_version(),
            "numpy": _version("numpy"),
            "pytest": _version("pytest"),
            "pytest-dre": __version__,
        },
        platform=platform.platform(),
        git_commit=commit or None,
        git_dirty=None if changes is None else bool(changes),
        study=study.provenance_metadata,
    )


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _git(directory: Path, *arguments: str) -> str | None:
    """Return what git prints, None if it fails, is absent or takes too long."""
    # GIT_DIR and its like (set while pytest runs in a git hook) would point at another repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-c", "core.fsmonitor=false", "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 (a fixed command, no shell)
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip()
