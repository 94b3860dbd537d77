"""What the command line and the ini file say, read once a process."""

import enum
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_dre.errors import DreError
from pytest_dre.execution.tracking import tracked_version
from pytest_dre.integration.identity import BUDGETS, WORKER_REQUEUES, ledger_path, session_id
from pytest_dre.model.source import StudySource
from pytest_dre.sessions.budgets import Budget
from pytest_dre.sessions.directories import output_directory
from pytest_dre.sessions.judging import Judging
from pytest_dre.sessions.resuming import Resumption

MAIN = "main"


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
        worker: The process's name among those of the session, such as "gw0".
        requeues: Whether it may be given a run that another worker has died of.
        resumption: Which stored results are replayed.
        limits: Values of `--dre-limit`, each "[agent:]key=value".
        budget: What the session may spend, over all its studies.
        ledger: The file in which its processes keep what was spent, None if that is not bounded.
        confirm_above_usd: From which cost on the header tells what is to be expected, None for never.
        judging: How gates are judged.
        save_baseline: The name under which the outcomes are kept as a baseline, None if they are not.
        explain: Whether verdicts are read in plain words.
        sqlite: Whether tables are mirrored into study.sqlite.
        bundle: Whether the artifacts are bundled.
    """

    role: Role
    session_id: str
    root: Path
    output_base: Path | None
    worker: str
    requeues: bool
    resumption: Resumption
    limits: tuple[str, ...]
    budget: Budget
    ledger: Path | None
    confirm_above_usd: float | None
    judging: Judging
    save_baseline: str | None
    explain: bool
    sqlite: bool
    bundle: bool

    def output_dir(self, source: StudySource) -> Path:
        """Return the directory of the study's store and artifacts."""
        return output_directory(source, self.root, self.output_base)

    @property
    def is_main(self) -> bool:
        """Whether this process leads the session."""
        return self.role is not Role.WORKER


settings_key = pytest.StashKey[Settings]()


def settings_of(config: pytest.Config) -> Settings:
    """Return the settings of this process."""
    if settings_key not in config.stash:
        config.stash[settings_key] = _read(config)
    return config.stash[settings_key]


def tracked_by_ini(config: pytest.Config) -> str:
    """Return what the files that the ini key `dre_track` names add to each agent's version. Raises DreError."""
    if tracked_key not in config.stash:
        try:
            config.stash[tracked_key] = tracked_version(config.getini("dre_track"), config.rootpath)
        except DreError as error:
            raise DreError(f"{config.inipath or 'ini'}: dre_track: {error}") from None
    return config.stash[tracked_key]


tracked_key = pytest.StashKey[str]()


def _read(config: pytest.Config) -> Settings:
    workerinput = getattr(config, "workerinput", None)
    return Settings(
        role=_role(config),
        session_id=session_id(config),
        root=config.rootpath,
        output_base=_output_base(config),
        worker=workerinput["workerid"] if workerinput else MAIN,
        requeues=bool(workerinput and workerinput[WORKER_REQUEUES]),
        resumption=_resumption(config),
        limits=tuple(config.getoption("dre_limit") or ()),
        budget=_session_budget(config),
        ledger=ledger_path(config),
        confirm_above_usd=_ini_amount(config, "dre_confirm_above_usd"),
        judging=_judging(config),
        save_baseline=config.getoption("dre_save_baseline"),
        explain=config.getoption("dre_explain"),
        sqlite=config.getoption("dre_sqlite") or config.getini("dre_sqlite"),
        bundle=config.getoption("dre_bundle") or config.getini("dre_bundle"),
    )


def _judging(config: pytest.Config) -> Judging:
    baseline = config.getoption("dre_baseline")
    path = config.invocation_params.dir / baseline if baseline else None
    return Judging(
        baselines=config.rootpath / str(config.getini("dre_baselines")),
        baseline=str(path) if path is not None and path.exists() else baseline,
        called=baseline,
        missing_baseline_warns=config.getoption("dre_baseline_missing") == "warn",
        allow_stale=_resumption(config).allow_stale,
    )


def _resumption(config: pytest.Config) -> Resumption:
    rerun = frozenset(config.getoption("dre_rerun") or ())
    resume = any((config.getoption("lf", False), config.getoption("dre_resume"), config.getini("dre_resume"), rerun))
    allow_stale = config.getoption("dre_allow_stale") or config.getini("dre_allow_stale")
    return Resumption(resume, rerun, allow_stale)


def _session_budget(config: pytest.Config) -> Budget:
    cost, tokens, seconds, failures = (_amount(config, f"dre_{name}") for name in BUDGETS)
    return Budget("--dre-{}", cost, _whole(tokens), seconds, _whole(failures))


def _whole(amount: float | None) -> int | None:
    return None if amount is None else int(amount)


def _amount(config: pytest.Config, name: str) -> float | None:
    option: float | None = config.getoption(name)
    return _ini_amount(config, name) if option is None else option


def _ini_amount(config: pytest.Config, key: str) -> float | None:
    text = str(config.getini(key)).strip()
    return float(text) if text else None


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
