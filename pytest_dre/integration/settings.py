"""What the command line and the ini file say, read once a process."""

import enum
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_dre.model.study import Study
from pytest_dre.sessions.directories import output_directory

WORKER_SESSION = "dre_session"  # key of workerinput


class Role(enum.Enum):
    """The part a process plays in a session."""

    SINGLE = "single"  # no xdist, or -n 0: does everything
    WORKER = "worker"  # collects, carries out, records
    CONTROLLER = "controller"  # distributes; exports, judges, reports


@dataclass(frozen=True, slots=True)
class Settings:
    """The session's settings.

    Attributes:
        role: The part this process plays.
        session_id: Shared by all processes of the session.
        root: pytest's rootdir; relative output directories start there.
        output_base: `--dre-output`: studies write to <output_base>/<study_id>. None: each to its own output_dir.
        resume: Whether runs stored as completed are replayed.
        sqlite: Whether tables are mirrored into study.sqlite.
        bundle: Whether the artifacts are bundled.
    """

    role: Role
    session_id: str
    root: Path
    output_base: Path | None
    resume: bool
    sqlite: bool
    bundle: bool

    def output_dir(self, study: Study) -> Path:
        """Return the directory of the study's store and artifacts."""
        return output_directory(study, self.root, self.output_base)


settings_key = pytest.StashKey[Settings]()


def settings_of(config: pytest.Config) -> Settings:
    """Return the settings of this process."""
    if settings_key not in config.stash:
        config.stash[settings_key] = _read(config)
    return config.stash[settings_key]


def _read(config: pytest.Config) -> Settings:
    workerinput = getattr(config, "workerinput", None)
    return Settings(
        role=_role(config),
        session_id=workerinput[WORKER_SESSION] if workerinput else uuid.uuid4().hex,
        root=config.rootpath,
        output_base=_output_base(config),
        resume=any((config.getoption("lf", False), config.getoption("dre_resume"), config.getini("dre_resume"))),
        sqlite=config.getoption("dre_sqlite") or config.getini("dre_sqlite"),
        bundle=config.getoption("dre_bundle") or config.getini("dre_bundle"),
    )


def _role(config: pytest.Config) -> Role:
    if hasattr(config, "workerinput"):
        return Role.WORKER
    return Role.CONTROLLER if config.getoption("dist", "no") != "no" else Role.SINGLE


def _output_base(config: pytest.Config) -> Path | None:
    """A directory given on the command line starts where the user stands, one in the ini file at the rootdir."""
    if option := config.getoption("dre_output"):
        return config.invocation_params.dir / str(option)
    if ini := config.getini("dre_output"):
        return config.rootpath / str(ini)
    return None
