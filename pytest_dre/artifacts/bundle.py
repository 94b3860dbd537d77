"""The files of an artifact directory as one archive, the same bytes for the same files."""

import gzip
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from pytest_dre.artifacts.schema import CANONICAL_FILES, OWN_FILES
from pytest_dre.artifacts.validation import first_few, validate_export
from pytest_dre.errors import ArtifactError

_FILE_MODE = 0o644
_UNREADABLE = (OSError, EOFError, zlib.error, tarfile.TarError)


def write_bundle(directory: Path, path: Path) -> None:
    """Write the canonical files of `directory`, and the outcome tables it has, into the gzipped tar `path`.

    Names are sorted and no time, owner or mode of the files enters. The compressed bytes may differ between builds
    of zlib; the tar inside does not.
    """
    with (
        path.open("xb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in sorted((*CANONICAL_FILES, *(name for name in OWN_FILES if (directory / name).is_file()))):
            with (directory / name).open("rb") as file:
                member = tarfile.TarInfo(name)  # time, owner and group are 0
                member.mode = _FILE_MODE
                member.size = (directory / name).stat().st_size
                archive.addfile(member, file)


def read_bundle(path: Path, into: Path) -> tuple[Path, ...]:
    """Unpack a bundle into the directory `into`, which must be absent or empty, and return the files.

    A bundle is foreign data: links, directories, paths and anything but a study's artifacts are refused before a
    file is written.
    Raises ArtifactError for those, and for a bundle that is missing or damaged.
    """
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise ArtifactError(f"{into}: it is not an empty directory; unpack the bundle into a new one")
    try:
        with tarfile.open(path, mode="r:gz") as archive:
            members = archive.getmembers()
            for fault in _foreign(members).values():
                raise ArtifactError(f"{path}: {fault}; do not trust this bundle")
            into.mkdir(parents=True, exist_ok=True)
            return _unpack(archive, members, into)
    except _UNREADABLE as error:
        raise ArtifactError(f"{path}: the bundle cannot be read ({error})") from error


def verify_artifacts(path: Path) -> list[str]:
    """Return all that is wrong with an artifact directory or a bundle; nothing if it is whole.

    Every file is checked against the SHA-256 of the manifest. Of a bundle, what does not belong there is told first;
    its other files are checked all the same.
    """
    if path.is_dir():
        return validate_export(path)
    with tempfile.TemporaryDirectory() as scratch:
        try:
            with tarfile.open(path, mode="r:gz") as archive:
                members = archive.getmembers()
                foreign = _foreign(members)
                _unpack(archive, [item for item in members if item not in foreign], Path(scratch))
        except _UNREADABLE as error:
            return [f"{path}: the bundle cannot be read ({error})"]
        told = (f"{path}: {fault}; do not trust this bundle" for fault in foreign.values())
        return [*first_few(told, str(path)), *validate_export(Path(scratch))]


def _foreign(members: Iterable[tarfile.TarInfo]) -> dict[tarfile.TarInfo, str]:
    """Return the members that are no files of a study's artifacts, or come again, and what is wrong with each."""
    found: dict[tarfile.TarInfo, str] = {}
    names: set[str] = set()
    for member in members:
        if not member.isreg():
            found[member] = f"{member.name!r} in the bundle is no plain file"
        elif member.name not in (*CANONICAL_FILES, *OWN_FILES):
            found[member] = f"{member.name!r} is no file of a study's artifacts"
        elif member.name in names:
            found[member] = f"{member.name!r} is in the bundle twice"
        names.add(member.name)
    return found


def _unpack(archive: tarfile.TarFile, members: list[tarfile.TarInfo], into: Path) -> tuple[Path, ...]:
    written: list[Path] = []
    try:
        for member in members:
            source = archive.extractfile(member)
            assert source is not None, "a plain file has contents"
            target = into / member.name
            written.append(target)
            with source, target.open("xb") as file:
                shutil.copyfileobj(source, file)
    except BaseException:
        for target in written:
            target.unlink(missing_ok=True)
        raise
    return tuple(written)
