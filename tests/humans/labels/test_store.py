"""The database of a study: batches, undone jobs, databases that are no study or of another time, tokens' keys."""

from __future__ import annotations

import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from label_site import design
from labelling import label, opened
from postgres import Postgres

from judgekit.errors import InputError
from judgekit.humans.labels.desk import Desk
from judgekit.humans.labels.store import AwayError, Store
from judgekit.humans.labels.tables import meta, migrate
from judgekit.humans.labels.tokens import Key


def put(name: str) -> object:
    return lambda connection: connection.execute(sa.insert(meta).values(name=name, value="1"))


def names(store: Store) -> set[str]:
    return set(store.read(lambda connection: connection.execute(sa.select(meta.c.name)).scalars().all()))


def test_what_fails_is_undone_and_its_neighbours_stay(url: str) -> None:
    store = Store(url)
    barrier = threading.Barrier(12)

    def work(number: int) -> None:
        def both(connection: sa.Connection) -> None:
            connection.execute(sa.insert(meta).values(name=f"n{number}", value="1"))
            if number % 3 == 0:
                raise InputError("no")

        barrier.wait()
        store.write(both)

    with ThreadPoolExecutor(12) as pool:
        made = [pool.submit(work, number) for number in range(12)]
        failed = {number for number, one in enumerate(made) if one.exception() is not None}
    assert failed == {0, 3, 6, 9}
    assert names(store) == {f"n{number}" for number in range(12) if number % 3}
    with pytest.raises(sa.exc.IntegrityError):
        store.write(put("n1"))  # type: ignore[arg-type]
    store.write(put("after"))  # type: ignore[arg-type]
    assert "after" in names(store)
    store.close()
    with pytest.raises(RuntimeError, match="closed"):
        store.write(put("late"))  # type: ignore[arg-type]


def test_a_study_of_the_future_is_refused_and_one_of_today_opened_again(url: str) -> None:
    Store(url).close()
    store = Store(url, create=False)
    store.write(lambda connection: connection.exec_driver_sql("UPDATE label_version SET version = 99"))
    store.close()
    with pytest.raises(InputError, match="version 99"):
        Store(url)


def test_migrating_twice_changes_nothing(url: str) -> None:
    store = Store(url)
    store.write(put("kept"))  # type: ignore[arg-type]
    store.write(lambda connection: migrate(connection, "here"))
    assert names(store) == {"kept"}
    store.close()


def test_a_label_is_synchronous_on_disk(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "labels.sqlite"))
    told = store.write(
        lambda connection: [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete")
        ]
    )
    assert told == ["wal", 2, 1]
    store.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://here/db", "cannot be kept in mysql"),
        ("nonsense://", "no database URL|cannot be kept"),
        ("sqlite://", "kept in a file"),
        ("/proc/nothing/labels.sqlite", "cannot open the study"),
        ("postgresql+psycopg://postgres@/x?host=/nowhere", "cannot open the study|no driver"),
    ],
)
def test_where_no_study_can_be_is_one_line(url: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        Store(url)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "labels.sqlite"
    file.write_text("rater,item,value\n" * 200, encoding="utf-8")
    with pytest.raises(InputError, match="cannot open the study"):
        Store(str(file))
    other = tmp_path / "ledger.sqlite"
    with sqlite3.connect(other) as made:
        made.execute("CREATE TABLE calls (key TEXT)")
    made.close()
    with pytest.raises(InputError, match=r"no study was begun here|no key"):
        Desk.open(str(other))


def test_a_password_is_never_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        Store("postgresql+psycopg://me:SECRET@/x?host=/nowhere")
    assert "SECRET" not in str(caught.value)


def test_a_database_that_is_away_for_a_moment_loses_nothing(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.database()
    with opened(url, design(), key=tmp_path / "key") as desk:
        rater = desk.invite(1)[0].rater
        label(desk, rater, 2)
        postgres.kill()
        back = threading.Timer(0.5, postgres.start)
        back.start()
        label(desk, rater, 2)
        back.join()
        assert len(desk.ratings()) == 8


def test_a_database_that_stays_away_is_one_line_and_no_label(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from judgekit.humans.labels import store

    url = postgres.database()
    with opened(url, design(), key=tmp_path / "key") as desk:
        rater = desk.invite(1)[0].rater
        monkeypatch.setattr(store, "RETRY_SECONDS", 0.5)
        postgres.kill()
        with pytest.raises(AwayError, match="cannot be used"):
            desk.seat(rater)
        with pytest.raises(AwayError, match="cannot be used"):
            desk.pause(True)
        postgres.start()
        monkeypatch.undo()
        assert not desk.progress().paused


def test_one_key_however_many_make_it_at_once(tmp_path: Path) -> None:
    file = tmp_path / "new" / "key"
    with ThreadPoolExecutor(8) as pool:
        keys = {key.fingerprint for key in pool.map(lambda _: Key.at(file), range(16))}
    assert len(keys) == 1
    assert [name.name for name in file.parent.iterdir()] == ["key"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_key_gives_other_things_to_other_names(tmp_path: Path) -> None:
    one, other = Key.at(tmp_path / "a"), Key.at(tmp_path / "b")
    made = {one.token("x"), one.token("y"), other.token("x"), one.pseudonym("x"), other.pseudonym("x")}
    assert len(made) == 5
    assert len(one.token("x")) == 32
    assert one.pseudonym("x")[0] == "r"
    for wrong in ("", "zz", "00"):
        (tmp_path / "wrong").write_text(wrong, encoding="ascii")
        with pytest.raises(InputError, match="key"):
            Key.at(tmp_path / "wrong")


def test_a_folder_without_write_permission_is_one_line(tmp_path: Path) -> None:
    if os.getuid() == 0:
        target = Path("/proc/key")
    else:
        tmp_path.chmod(0o500)
        target = tmp_path / "key"
    with pytest.raises(InputError, match="cannot make the key"):
        Key.at(target)
