import csv
import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.artifacts.csvfile import CsvWriter, large_fields, read_rows


def write(path, rows, header=("a", "b")):
    with CsvWriter(path, header) as writer:
        for row in rows:
            writer.write_cells(row)
        return writer.record()


def read(path):
    with large_fields():
        return list(read_rows(path))


@given(st.lists(st.tuples(st.text(), st.text(alphabet='\r\n",\0 ab😀'))))
def test_every_text_comes_back(rows):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "t.csv")
        record = write(path, rows)
        assert read(path) == [["a", "b"], *[list(row) for row in rows]]
        assert record.rows == len(rows)


def test_lines_end_with_a_line_feed_and_a_lone_carriage_return_is_quoted(tmp_path):
    write(tmp_path / "t.csv", [("x\ry", None), ("z", True)])
    assert (tmp_path / "t.csv").read_bytes() == b'a,b\n"x\ry",\nz,True\n'


def test_the_record_is_that_of_the_bytes_on_disk(tmp_path):
    record = write(tmp_path / "t.csv", [("é", 1.5)] * 3)
    data = (tmp_path / "t.csv").read_bytes()
    assert (record.size, record.sha256, record.rows) == (len(data), hashlib.sha256(data).hexdigest(), 3)


def test_lone_surrogates_are_escaped(tmp_path):
    write(tmp_path / "t.csv", [("\udcff", "")])
    assert read(tmp_path / "t.csv")[1] == ["\\udcff", ""]


def test_large_cells_are_flushed_on_the_way_and_read_back_and_the_limit_is_restored(tmp_path):
    limit = csv.field_size_limit()
    rows = [("x" * 700_000, str(number)) for number in range(4)]
    record = write(tmp_path / "t.csv", rows)
    assert read(tmp_path / "t.csv")[1:] == [list(row) for row in rows]
    assert record.sha256 == hashlib.sha256((tmp_path / "t.csv").read_bytes()).hexdigest()
    assert csv.field_size_limit() == limit


def test_an_existing_file_is_not_overwritten(tmp_path):
    (tmp_path / "t.csv").write_text("precious")
    with pytest.raises(FileExistsError):
        CsvWriter(tmp_path / "t.csv", ("a",))
    assert (tmp_path / "t.csv").read_text() == "precious"


def test_the_file_is_closed_after_an_error(tmp_path):
    with pytest.raises(RuntimeError), CsvWriter(tmp_path / "t.csv", ("a",)):
        raise RuntimeError
    (tmp_path / "t.csv").unlink()
