"""Rows read without SQLite are the rows that SQLite reads."""

import random
import shutil
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_dre.store.cells import cells
from pytest_dre.store.pages import DatabasePages

VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50),
    st.binary(max_size=50),
    st.builds(lambda text, times: text * times, st.sampled_from(["é", "x", "日本"]), st.integers(100, 9000)),
)
PAGE_SIZES = [512, 1024, 4096, 65536]


def read(path, log):
    with DatabasePages(path, log) as pages:
        return list(cells(pages))


def rows_of(found, width):
    return {cell.row_id: cell.values for cell in found if cell.row_id is not None and len(cell.values) == width}


@given(
    rows=st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=30), size=st.sampled_from(PAGE_SIZES), log=st.booleans()
)
@settings(deadline=None, max_examples=60, derandomize=True)
def test_every_row_is_read(tmp_path_factory, rows, size, log):
    path = tmp_path_factory.mktemp("cells") / "a.sqlite"
    copy = path.with_name("copy.sqlite")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size = {size}")
        connection.execute(f"PRAGMA journal_mode = {'WAL' if log else 'DELETE'}")
        connection.execute("CREATE TABLE t (x, y, z)")
        connection.execute("CREATE TABLE small (k INTEGER PRIMARY KEY, v) WITHOUT ROWID")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        connection.executemany("INSERT INTO small VALUES (?, ?)", [(index, row[0]) for index, row in enumerate(rows)])
        expected = dict(enumerate(map(tuple, connection.execute("SELECT x, y, z FROM t ORDER BY rowid")), start=1))
        small = dict(connection.execute("SELECT k, v FROM small"))
        for suffix in ["", "-wal"] if log else [""]:
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
    found = read(copy, copy.with_name("copy.sqlite-wal"))
    assert repr(rows_of(found, 3)) == repr(expected) or rows_of(found, 3) == expected
    without_ids = dict(cell.values for cell in found if cell.row_id is None and len(cell.values) == 2)
    assert without_ids == small


def test_the_newest_of_several_versions_stands_last(tmp_path):
    path = tmp_path / "a.sqlite"
    copy = tmp_path / "b.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (x, y, z)")
        connection.execute("INSERT INTO t VALUES (1, 0, 0)")
        for number in range(20):
            connection.execute("UPDATE t SET x = ?", (number,))
        connection.execute("BEGIN")
        connection.execute("UPDATE t SET x = 'never committed'")
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
    assert rows_of(read(copy, tmp_path / "b.sqlite-wal"), 3) == {1: (19, 0, 0)}


def test_an_earlier_round_of_the_log_does_not_count(tmp_path):
    path, copy = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (x, y, z)")
        for number in range(20):
            connection.execute("INSERT INTO t VALUES (?, 0, 0)", (number,))
        connection.execute("PRAGMA wal_checkpoint(RESTART)")
        connection.execute("UPDATE t SET x = -1")
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
    assert set(rows_of(read(copy, tmp_path / "b.sqlite-wal"), 3).values()) == {(-1, 0, 0)}


@pytest.mark.parametrize("seed", range(40))
def test_no_damage_upsets_the_reader(tmp_path, seed):
    chance = random.Random(seed)
    path, copy = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size = 512")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (x, y, z)")
        connection.execute("CREATE INDEX i ON t (x)")
        for number in range(100):
            connection.execute("INSERT INTO t VALUES (?, ?, ?)", (number, "y" * 40, "z" * (number * 20)))
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
    for name in ("b.sqlite", "b.sqlite-wal"):
        content = bytearray((tmp_path / name).read_bytes())
        for _ in range(chance.randint(1, 200)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        (tmp_path / name).write_bytes(content[: chance.randint(1, len(content))])
    assert isinstance(read(copy, tmp_path / "b.sqlite-wal"), list)


@pytest.mark.parametrize("content", [b"", b"x", b"\x37\x7f\x06\x82" + bytes(10), bytes(32), bytes(5000)])
def test_what_is_no_log_is_left_out(tmp_path, content):
    (tmp_path / "log").write_bytes(content)
    assert read(tmp_path / "gone", tmp_path / "log") == []
