import io
import json
import os
import sys
import tarfile
from datetime import UTC, datetime

import pytest

from pytest_dre.artifacts.bundle import read_bundle, verify_artifacts
from pytest_dre.errors import ArtifactError


@pytest.fixture
def bundle(export, out, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # whether there is a Parquet file is not what is tested here
    export(bundle=True)
    return out / "study.tar.gz"


def forged(path, *members):
    with tarfile.open(path, "w:gz") as archive:
        for member, data in members:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def link(name, kind):
    member = tarfile.TarInfo(name)
    member.type = kind
    member.linkname = "/etc/hostname"
    return member


def test_a_bundle_gives_the_canonical_files_back(bundle, out, tmp_path):
    written = read_bundle(bundle, tmp_path / "copy")
    assert sorted(path.name for path in written) == sorted(
        [
            "study.yaml",
            "manifest.json",
            "hypotheses.json",
            "analysis_plan.json",
            "conditions.csv",
            "runs.csv",
            "events.csv",
            "evaluations.csv",
            "outcomes.csv",
        ]
    )
    assert all(path.read_bytes() == (out / path.name).read_bytes() for path in written)
    assert verify_artifacts(bundle) == []
    assert verify_artifacts(out) == []


def test_the_same_artifacts_give_the_same_bytes(bundle, export, tmp_path, monkeypatch):
    first = bundle.read_bytes()
    old_umask = os.umask(0o077)
    try:
        export(bundle=True, output_dir=tmp_path / "other")
    finally:
        os.umask(old_umask)
    assert (tmp_path / "other" / "study.tar.gz").read_bytes() == first


def contents(path):
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive.getmembers()}


def test_bundles_of_the_same_results_made_at_other_times_differ_in_the_manifests_time_alone(bundle, export, tmp_path):
    export(bundle=True, output_dir=tmp_path / "later", generated_at=datetime(2031, 1, 1, tzinfo=UTC))
    first, second = contents(bundle), contents(tmp_path / "later" / "study.tar.gz")
    times = [json.loads(files.pop("manifest.json")) for files in (first, second)]
    assert first == second
    assert [manifest.pop("generated_at") for manifest in times] == [
        "2025-03-02T00:00:00+00:00",
        "2031-01-01T00:00:00+00:00",
    ]
    assert times[0] == times[1]


def test_the_clock_does_not_enter(bundle, export, tmp_path, monkeypatch):
    """gzip would note the time, tar the time of each file."""
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)
    export(bundle=True, output_dir=tmp_path / "other")
    assert (tmp_path / "other" / "study.tar.gz").read_bytes() == bundle.read_bytes()


def test_members_tell_nothing_of_who_made_them_and_when(bundle):
    with tarfile.open(bundle) as archive:
        members = archive.getmembers()
    assert [member.name for member in members] == sorted(member.name for member in members)
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in members} == {(0, 0, 0, "", "", 0o644)}


def test_a_bundle_of_an_earlier_export_is_renewed(bundle, export, results):
    before = bundle.read_bytes()
    export(results=results[:1])
    assert bundle.read_bytes() != before
    assert verify_artifacts(bundle) == []


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (link("runs.csv", tarfile.SYMTYPE), "'runs.csv' in the bundle is no plain file"),
        (link("runs.csv", tarfile.LNKTYPE), "'runs.csv' in the bundle is no plain file"),
        (link("runs.csv", tarfile.DIRTYPE), "'runs.csv' in the bundle is no plain file"),
        (link("runs.csv", tarfile.CHRTYPE), "'runs.csv' in the bundle is no plain file"),
        (link("runs.csv", tarfile.BLKTYPE), "'runs.csv' in the bundle is no plain file"),
        (link("runs.csv", tarfile.FIFOTYPE), "'runs.csv' in the bundle is no plain file"),
        (tarfile.TarInfo("../runs.csv"), "'../runs.csv' is no file of a study's artifacts"),
        (tarfile.TarInfo("/tmp/runs.csv"), "'/tmp/runs.csv' is no file of a study's artifacts"),
        (tarfile.TarInfo("./runs.csv"), "'./runs.csv' is no file of a study's artifacts"),
        (tarfile.TarInfo("sub/../runs.csv"), "'sub/../runs.csv' is no file of a study's artifacts"),
        (tarfile.TarInfo("..\\runs.csv"), "no file of a study's artifacts"),
        (tarfile.TarInfo("setup.py"), "'setup.py' is no file of a study's artifacts"),
    ],
)
def test_a_bundle_with_anything_else_is_refused_before_a_file_is_written(tmp_path, member, message):
    path = forged(tmp_path / "b.tar.gz", (tarfile.TarInfo("study.yaml"), b"x"), (member, b""))
    with pytest.raises(ArtifactError, match=message):
        read_bundle(path, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_path_that_only_an_extended_header_names_is_refused(tmp_path):
    member = tarfile.TarInfo("runs.csv")
    member.pax_headers = {"path": "../../runs.csv"}
    path = forged(tmp_path / "b.tar.gz", (member, b""))
    with pytest.raises(ArtifactError, match=r"'\.\./\.\./runs\.csv' is no file"):
        read_bundle(path, tmp_path / "copy")
    assert "do not trust this bundle" in verify_artifacts(path)[0]


def test_all_that_is_wrong_with_a_bundle_is_listed(bundle, tmp_path):
    read_bundle(bundle, tmp_path / "copy")
    files = {file.name: file.read_bytes() for file in (tmp_path / "copy").iterdir()}
    files["study.yaml"] = b"study_id: forged\n"
    del files["events.csv"]
    members = [(tarfile.TarInfo(name), data) for name, data in files.items()]
    more = [(tarfile.TarInfo(f"{number}.py"), b"") for number in range(12)]
    path = forged(tmp_path / "b.tar.gz", *members, (tarfile.TarInfo("runs.csv"), b""), *more)
    told = verify_artifacts(path)
    assert told[0].endswith("'runs.csv' is in the bundle twice; do not trust this bundle")
    assert told[1].endswith("'0.py' is no file of a study's artifacts; do not trust this bundle")
    assert told[10] == f"{path}: 3 more problems"
    assert told[11:] == [
        "events.csv: the file is missing",
        "study.yaml: its SHA-256 is not the manifest's; the file was changed or damaged after the export",
    ]


def test_a_file_that_is_there_twice_is_refused(tmp_path):
    member = tarfile.TarInfo("runs.csv")
    path = forged(tmp_path / "b.tar.gz", (member, b"a"), (member, b"b"))
    with pytest.raises(ArtifactError, match=r"'runs\.csv' is in the bundle twice"):
        read_bundle(path, tmp_path / "copy")


def test_nothing_is_overwritten(bundle, tmp_path):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "notes.txt").write_text("precious")
    with pytest.raises(ArtifactError, match="not an empty directory"):
        read_bundle(bundle, tmp_path / "copy")
    with pytest.raises(ArtifactError, match="not an empty directory"):
        read_bundle(bundle, bundle)
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("keep", [0, 5, 300, 900])
def test_a_truncated_bundle_is_reported_and_leaves_nothing(bundle, tmp_path, keep):
    bundle.write_bytes(bundle.read_bytes()[:keep])
    with pytest.raises(ArtifactError, match="cannot be read"):
        read_bundle(bundle, tmp_path / "copy")
    assert not list((tmp_path / "copy").glob("*"))
    (problem,) = verify_artifacts(bundle)
    assert "cannot be read" in problem


def test_a_write_that_fails_leaves_nothing(bundle, tmp_path, monkeypatch):
    def disk_full(source, target):
        target.write(source.read(3))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pytest_dre.artifacts.bundle.shutil.copyfileobj", disk_full)
    with pytest.raises(ArtifactError, match="No space left"):
        read_bundle(bundle, tmp_path / "copy")
    assert list((tmp_path / "copy").iterdir()) == []


def test_a_bundle_that_is_missing(tmp_path):
    (problem,) = verify_artifacts(tmp_path / "none.tar.gz")
    assert "none.tar.gz: the bundle cannot be read" in problem


def test_a_changed_file_in_a_bundle_is_found(bundle, tmp_path):
    read_bundle(bundle, tmp_path / "copy")
    (tmp_path / "copy" / "study.yaml").write_text("study_id: forged\n")
    path = forged(
        tmp_path / "b.tar.gz",
        *((tarfile.TarInfo(file.name), file.read_bytes()) for file in (tmp_path / "copy").iterdir()),
    )
    assert verify_artifacts(path) == [
        "study.yaml: its SHA-256 is not the manifest's; the file was changed or damaged after the export"
    ]


def repacked(bundle, tmp_path, **changes):
    """Return a bundle with other contents of some files (by their stems); None leaves the file out."""
    files = contents(bundle)
    for stem, data in changes.items():
        (name,) = [name for name in files if name.startswith(stem)]
        files[name] = data
    return forged(
        tmp_path / "b.tar.gz", *((tarfile.TarInfo(name), data) for name, data in files.items() if data is not None)
    )


@pytest.mark.parametrize(
    "stem", ["study", "hypotheses", "analysis_plan", "conditions", "runs", "events", "evaluations"]
)
def test_every_file_of_a_bundle_is_checked(bundle, tmp_path, stem):
    (name,) = [name for name in contents(bundle) if name.startswith(stem)]
    changed = repacked(bundle, tmp_path, **{stem: contents(bundle)[name] + b"\n"})
    problems = verify_artifacts(changed)
    assert f"{name}: its SHA-256 is not the manifest's; the file was changed or damaged after the export" in problems
    assert verify_artifacts(repacked(bundle, tmp_path, **{stem: None})) == [f"{name}: the file is missing"]


@pytest.mark.parametrize(
    "change",
    [
        {"run_count": 5},
        {"status_counts": {"failed": 4}},
        {"files": {}},
    ],
)
def test_a_changed_manifest_is_found(bundle, tmp_path, change):
    manifest = {**json.loads(contents(bundle)["manifest.json"]), **change}
    problems = verify_artifacts(repacked(bundle, tmp_path, manifest=json.dumps(manifest).encode()))
    assert problems
    assert all("manifest" in problem for problem in problems)
