"""Where a study's store and artifacts are."""

import errno
import re
from pathlib import Path

from pytest_dre.canonical import ID_DIGITS, digest
from pytest_dre.errors import Fault
from pytest_dre.model.source import StudySource

MAX_BYTES = 255  # of a name, on most file systems


def output_directory(source: StudySource, root: Path, base: Path | None = None) -> Path:
    """Return the absolute output directory: `base`/<study_id> if a base is given, else the study's own in `root`.

    Raises StudyError if no directory can have that name: it would fail after the runs, when their results are written.
    """
    study = source.study
    own = base is None and study.output_dir
    name = str(own or (base or Path("artifacts")) / directory_name(study.study_id))
    directory = root / name
    key = "output_dir" if own else "study_id"
    try:
        directory.stat()
    except UnicodeEncodeError as error:
        message = f"the file system takes no directory {name!r}, as Python was told that it is {error.encoding}"
        fault = Fault(message, "set PYTHONUTF8=1, or choose another output_dir", (key,))
        raise source.source_map.error(fault) from None
    except (OSError, ValueError) as error:
        if _is_unusable(error):
            message = f"no directory can be named {name!r} ({getattr(error, 'strerror', None) or error})"
            raise source.source_map.error(Fault(message, "choose another output_dir", (key,))) from None
    return directory.resolve()


def _is_unusable(error: OSError | ValueError) -> bool:
    """Return whether an error is about the name; a directory that is not there yet is none."""
    return isinstance(error, ValueError) or error.errno in (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL)


def directory_name(study_id: str) -> str:
    """Return the study's id as a name: it may hold any character, a directory may not climb out of its parent.

    A name that is too long ends with a digest, so that two studies do not get the same.
    """
    name = re.sub(r"[^\w.=+ -]", "_", study_id).lstrip(".") or "_"
    encoded = name.encode()
    if len(encoded) <= MAX_BYTES:
        return name
    kept = encoded[: MAX_BYTES - ID_DIGITS - 1].decode(errors="ignore")
    return f"{kept}-{digest(study_id)[:ID_DIGITS]}"
