"""The `dre` command: looks at studies and their artifacts; runs are pytest's."""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path

from pytest_dre._version import __version__
from pytest_dre.artifacts.bundle import verify_artifacts
from pytest_dre.errors import DreError, Fault, StudyError
from pytest_dre.execution.binding import names_without_reference, reference_faults
from pytest_dre.execution.secrets import SecretMasker
from pytest_dre.loading import load_study, study_schema
from pytest_dre.reporting.closing import undone_text
from pytest_dre.reporting.missing import unneeded
from pytest_dre.reporting.numbers import counted
from pytest_dre.reporting.plan import plan_lines
from pytest_dre.reporting.statistics import totals
from pytest_dre.sessions.baselines import DEFAULT_DIRECTORY
from pytest_dre.sessions.directories import output_directory
from pytest_dre.sessions.exporting import ClosedStudy, close_study
from pytest_dre.sessions.judging import Judging
from pytest_dre.sessions.planned import PlannedStudy, plan_source
from pytest_dre.sessions.power import power_of

EXPORT_NOTE = (
    "what is stale is told by the agents and problems as the last session found them: those of now were not loaded"
)
PIPE_WIDTH = 120  # columns of output that is not for a terminal


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0, 1 if something is wrong, 2 for wrong usage."""
    _show_any_character()
    options = _parser().parse_args(argv)
    try:
        status: int = options.command(options)
        sys.stdout.flush()
    except DreError as error:
        print(_shown(error), file=sys.stderr)
        return 1
    except BrokenPipeError:  # `dre plan … | head`; what Python flushes at exit must go nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _show_any_character() -> None:
    """Escape what a stream cannot show: a study's title is no reason to fail."""
    for stream in (sys.stdout, sys.stderr):
        if getattr(stream, "errors", None) == "strict" and isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dre", description="Look at studies and their artifacts. Studies are run with pytest."
    )
    parser.add_argument("--version", action="version", version=f"pytest-dre {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    validate = commands.add_parser(
        "validate",
        help="report the faults of study files",
        description="Report the faults of study files and, once there are none, those of their designs and of the "
        "references in 'agents', 'problems' and 'runner', which are imported. Names without a reference are looked up "
        "by pytest only, in conftest files and other packages (pytest --collect-only); so is pytest's ini key "
        "'pythonpath'.",
    )
    validate.add_argument("files", nargs="+", type=Path, metavar="FILE")
    validate.set_defaults(command=_validate)

    plan = commands.add_parser("plan", help="show the conditions and runs of a study")
    plan.add_argument("file", type=Path, metavar="FILE")
    plan.set_defaults(command=_plan)

    schema = commands.add_parser("schema", help="print the JSON Schema of study files, for editors")
    schema.set_defaults(command=_schema)

    verify = commands.add_parser("verify", help="check artifacts against their manifest")
    verify.add_argument("path", type=Path, metavar="DIR|BUNDLE", help="an output directory or a bundle of one")
    verify.set_defaults(command=_verify)

    export = commands.add_parser(
        "export",
        help="write a study's artifacts from its stored results; nothing is run",
        description="Write a study's artifacts from its stored results; nothing is run. Results are read from, and "
        "artifacts written to, the study's output_dir (a relative one starts at the current directory, so stand at "
        "pytest's rootdir), or DIR/<study_id>.",
    )
    export.add_argument("file", type=Path, metavar="FILE")
    export.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="the DIR that --dre-output named when the study ran; results are read from and written to DIR/<study_id>",
    )
    export.add_argument("--sqlite", action="store_true", help="mirror the tables into study.sqlite")
    export.add_argument("--bundle", action="store_true", help="bundle the artifacts as study.tar.gz")
    export.set_defaults(command=_export)
    return parser


def _planned(file: Path, output: Path | None = None) -> PlannedStudy:
    source = load_study(file)
    return plan_source(source, output_directory(source, Path.cwd(), output))


def _validate(options: argparse.Namespace) -> int:
    status = 0
    for file in options.files:
        try:
            print(_checked(file))
        except DreError as error:
            print(_shown(error))
            status = 1
    return status


def _shown(error: DreError) -> str:
    """Return what is wrong; what an import says of its failure may quote a secret."""
    return SecretMasker().text(str(error))


def _checked(file: Path) -> str:
    """Return what is said of a study without fault. Raises StudyError with all faults."""
    source = load_study(file)
    faults: list[Fault] = []
    runs = 0
    try:
        runs = len(plan_source(source, output_directory(source, Path.cwd())).plan.runs)
    except StudyError as error:
        faults += error.faults
    faults += reference_faults(source)
    if faults:
        raise source.source_map.error(*faults)
    names = names_without_reference(source)
    others = f"; names without a reference are looked up by pytest: {', '.join(names)}" if names else ""
    return f"{file}: no fault ({counted(runs, 'run')}){others}"


def _plan(options: argparse.Namespace) -> int:
    planned = _planned(options.file)
    terminal = shutil.get_terminal_size((PIPE_WIDTH, 0))
    lines = plan_lines(
        planned.study,
        planned.plan,
        width=terminal.columns,
        height=terminal.lines if sys.stdout.isatty() else None,
        power=power_of(planned, Judging(Path.cwd() / DEFAULT_DIRECTORY)),
    )
    print(*lines, sep="\n")
    return 0


def _schema(_: argparse.Namespace) -> int:
    shows_all = (sys.stdout.encoding or "ascii").lower().startswith("utf")  # else JSON has escapes of its own
    print(json.dumps(study_schema(), indent=2, ensure_ascii=not shows_all))
    return 0


def _verify(options: argparse.Namespace) -> int:
    path: Path = options.path
    if not path.exists():
        raise DreError(f"{path}: there is no such directory or bundle")
    if path.is_dir() and not (path / "manifest.json").exists():
        raise DreError(f"{path} holds no artifacts: no manifest.json")
    problems = verify_artifacts(path)
    print(*(problems or [f"{path}: every file is as its manifest says"]), sep="\n")
    return 1 if problems else 0


def _export(options: argparse.Namespace) -> int:
    planned = _planned(options.file, options.output)
    closed = close_study(planned, sqlite=options.sqlite, bundle=options.bundle)
    if closed is None:
        raise DreError(f"no results are stored in {planned.output_dir}; run the study, or say with --output where")
    print(*_export_lines(closed), sep="\n")
    return 0


def _export_lines(closed: ClosedStudy) -> list[str]:
    """Return what was exported. Raises DreError if nothing was."""
    if closed.tally is None:
        raise DreError(closed.error)
    sums, needless = totals(closed.tally), unneeded(closed.unstarted)
    states = [f"{sums.done} of {counted(sums.planned, 'run')} done"]
    states += [
        f"{count} {name}"
        for name, count in (
            ("failed", sums.failed),
            ("skipped", sums.skipped),
            ("missing", sums.missing - needless),
            ("not needed", needless),
            ("stale", len(closed.standing.stale)),
            ("not planned any more", len(closed.standing.orphans)),
        )
        if count
    ]
    undone = [] if closed.undone is None else [undone_text(closed.undone)]
    return [", ".join(states), *undone, f"artifacts in {closed.planned.output_dir}", EXPORT_NOTE]
