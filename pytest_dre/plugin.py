"""The pytest11 entry: options, ini keys, the marker, and lazy dispatch to the integration.

Imports pytest and the standard library only: a session without studies must not pay for this plugin.
"""

from argparse import ArgumentTypeError
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

STUDY_SUFFIXES = (".yaml", ".yml", ".json")
SESSION_BUDGETS = (
    ("max_cost_usd", "USD", "start no further run once the session has cost this much"),
    ("max_tokens", "N", "start no further run once the session has spent this many tokens"),
    ("max_total_s", "SECONDS", "start no further run once the session's runs have taken this long in sum"),
    ("max_failures", "N", "start no further run once this many of the session have failed"),
)
INI_AMOUNTS = (*(f"dre_{name}" for name, *_ in SESSION_BUDGETS), "dre_confirm_above_usd")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of group "dre" and their ini keys."""
    group = parser.getgroup("dre", "design of experiments (pytest-dre)")
    group.addoption(
        "--dre-plan",
        action="store_true",
        help="show the plan of each selected study (factors, conditions, runs, power) and stop",
    )
    group.addoption(
        "--dre-output",
        metavar="DIR",
        help="write each study's results to DIR/<study_id> instead of the study's output_dir",
    )
    group.addoption(
        "--dre-resume",
        action="store_true",
        help="replay the selected runs that are stored as completed, and carry out only the others",
    )
    group.addoption(
        "--dre-rerun",
        action="append",
        choices=("stale", "failed", "all"),
        metavar="stale|failed|all",
        help="resume, and of what is stored carry out again only the runs of this kind (may be given twice)",
    )
    group.addoption(
        "--dre-allow-stale",
        action="store_true",
        help="let results of other versions of an agent or problem count where there are none of the present version",
    )
    group.addoption(
        "--dre-limit",
        action="append",
        metavar="[AGENT:]KEY=VALUE",
        help="override a key of each study's limits, such as timeout_s=60 or solver:retries=3 (may be repeated)",
    )
    for name, unit, meaning in SESSION_BUDGETS:
        option = f"--dre-{name.replace('_', '-')}"
        group.addoption(option, type=_amount, metavar=unit, help=f"{meaning}, over all its studies")
        parser.addini(f"dre_{name}", f"default of {option}", default="")
    group.addoption("--dre-sqlite", action="store_true", help="mirror the exported tables into study.sqlite")
    group.addoption("--dre-bundle", action="store_true", help="bundle the exported artifacts as study.tar.gz")
    parser.addini("dre_output", "default of --dre-output", default="")
    parser.addini("dre_resume", "default of --dre-resume", type="bool", default=False)
    group.addoption(
        "--dre-save-baseline",
        nargs="?",
        const="main",
        metavar="NAME",
        help="keep the outcomes of each study that is complete as its baseline NAME (main)",
    )
    group.addoption(
        "--dre-baseline",
        metavar="NAME|DIR|BUNDLE",
        help="let gates with a baseline compare with this one: a saved name, an artifact directory or a bundle",
    )
    group.addoption(
        "--dre-baseline-missing",
        choices=("error", "warn"),
        default="error",
        help="what a baseline that is not there does: end the session (exit 4), or let its gates be skipped",
    )
    group.addoption(
        "--dre-explain",
        action="store_true",
        help="read each gate's verdict in plain words, with advice on what more runs would show and cost",
    )
    parser.addini("dre_baselines", "where baselines are kept, relative to the rootdir", default=".dre/baselines")
    parser.addini(
        "dre_on_inconclusive",
        "what gates do that the data do not decide, if they do not say: fail or warn",
        default="fail",
    )
    parser.addini("dre_allow_stale", "default of --dre-allow-stale", type="bool", default=False)
    parser.addini(
        "dre_track",
        "files whose content counts as the version of all agents (patterns, relative to the rootdir)",
        type="linelist",
        default=[],
    )
    parser.addini(
        "dre_confirm_above_usd", "say before the runs what they are likely to cost, from this sum on", default=""
    )
    parser.addini(
        "dre_secrets",
        "more names of environment variables whose values are masked (patterns such as MY_*)",
        type="linelist",
        default=[],
    )
    parser.addini("dre_sqlite", "default of --dre-sqlite", type="bool", default=False)
    parser.addini("dre_bundle", "default of --dre-bundle", type="bool", default=False)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make the pytest_dre_* hooks known."""
    from pytest_dre import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and the part this process plays."""
    config.addinivalue_line("markers", "dre: every planned run and gate of a study (select them with -m dre)")
    if config.getoption("dre_plan") and not hasattr(config, "workerinput"):
        config.option.dist = "no"  # a plan is made in one process; xdist, configured last, then stays out
        config.option.tx = []
    _require_numbers(config)
    if config.getoption("dre_limit") and not hasattr(config, "workerinput"):
        from pytest_dre.integration.limit_names import require_readable

        require_readable(config.getoption("dre_limit"))
    lazy = LazyIntegration(config)
    config.pluginmanager.register(lazy, "dre-lazy")
    config.add_cleanup(lazy.close)  # the first to be added is the last to be called


class LazyIntegration:
    """Brings the integration in once the session meets a study.

    Attributes:
        at_the_end: What is called when all plugins are done.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.at_the_end: list[Callable[[], object]] = []

    def close(self) -> None:
        """Call what parts of the integration have left for the end."""
        while self.at_the_end:
            self.at_the_end.pop()()

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Leave output directories alone: their study.yaml describes finished runs."""
        manifest = collection_path / "manifest.json"
        return True if manifest.is_file() and _is_our_manifest(manifest) else None

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Collect the file if it is a study."""
        if file_path.suffix not in STUDY_SUFFIXES:
            return None
        from pytest_dre.detection import is_study_file

        if not is_study_file(file_path):
            return None
        self._bring_in()
        from pytest_dre.integration.nodes import StudyFile

        return StudyFile.at(file_path, parent)

    def _bring_in(self) -> None:
        from pytest_dre.integration.memory import freeze_until_the_end

        freeze_until_the_end(self.config, self.at_the_end)  # before the modules of a study come in
        from pytest_dre.integration.session import activate

        activate(self.config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Keep what other sessions have noted of their studies, whatever this one has run, from pytest's last word."""
        from pytest_dre.integration.lastfailed import keep_those_of_other_sessions

        keep_those_of_other_sessions(self.config)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, Any, Any]:
        """Let the controlling process judge the gates after its loop, in which it met the studies."""
        result = yield
        gates = self.config.pluginmanager.get_plugin("dre-gates")
        if gates is not None:
            gates.run(session)
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell an xdist worker what all processes of the session must agree on."""
        from pytest_dre.integration.identity import prepare_worker
        from pytest_dre.integration.lastfailed import hand_over

        prepare_worker(self.config, node)
        hand_over(self.config, node)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Let an xdist worker select the same items as the first, whenever it starts."""
        if hasattr(self.config, "workerinput"):
            from pytest_dre.integration.lastfailed import take_over

            take_over(session)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Bring the integration into the controlling process once a worker has collected runs."""
        if any(nodeid.partition("::")[0].endswith(STUDY_SUFFIXES) for nodeid in ids):
            self._bring_in()
            # Registered in the midst of this hook's call, it is not called by pytest: with one worker never.
            controller = self.config.pluginmanager.get_plugin("dre-controller")
            if controller is not None:
                controller.pytest_xdist_node_collection_finished(ids)


def _require_numbers(config: pytest.Config) -> None:
    """End the session, before anything is collected, if an ini key that is a number holds none."""
    for key in INI_AMOUNTS:
        text = str(config.getini(key)).strip()
        try:
            _amount(text or "0")
        except ArgumentTypeError as error:
            raise pytest.UsageError(f"{config.inipath or 'ini'}: {key}: {error}") from None


def _amount(text: str) -> float:
    """Return an option's value as a number from 0. Raises ArgumentTypeError, whose text argparse shows, for others."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ArgumentTypeError(f"{text!r} is no number of at least 0")
    return number


def _is_our_manifest(manifest: Path) -> bool:
    """Tell our manifest from a web extension's or another tool's of the same name."""
    try:
        head = manifest.read_bytes()
    except OSError:
        return False
    return b'"study_id"' in head and b'"status_counts"' in head
