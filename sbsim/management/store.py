"""The store: one SQLite file that survives `kill -9` and is copied as one file.

The journal mode is DELETE, so that nothing lies beside the file but during a transaction, and
synchronous is FULL. A transaction takes the file for itself from its first moment, so it can only
be refused at its start; that is tried again by the clock. Never call a machine, sleep or run in
parallel while one is open.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import (
    Connection,
    create_engine,
    delete,
    event,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import NullPool

from sbsim.errors import UsageError
from sbsim.machines import Clock
from sbsim.machines.clock import wait_until
from sbsim.management.schema import APPLICATION, TABLES, VERSION, metadata, schema

E = TypeVar("E")

BUSY_LIMIT_SECONDS = 30.0


class Transaction:
    """Rows as frozen objects, in the order in which they were added. All of it happens or none."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self, kind: type[E], **where: object) -> list[E]:
        """Every row of a kind whose fields are as given; a list or tuple means any of them."""
        table = TABLES[kind]
        query = select(table).order_by(literal_column("rowid"))
        for name, value in where.items():
            column = table.c[name]
            several = isinstance(value, list | tuple)
            query = query.where(column.in_(cast(Any, value)) if several else column == value)
        return [kind(**row) for row in self._connection.execute(query).mappings()]

    def one(self, kind: type[E], **where: object) -> E | None:
        """The row of a kind whose fields are as given; the first where there are several."""
        return next(iter(self.all(kind, **where)), None)

    def add(self, row: E) -> E:
        """Add a row; return it."""
        self._connection.execute(insert(TABLES[type(row)]).values(**_values(row)))
        return row

    def change(self, row: E, **changes: object) -> E:
        """Change fields of a row that is there; return it as it is now."""
        now = replace(cast(Any, row), **changes)
        table = TABLES[type(row)]
        done = self._connection.execute(update(table).where(*self._is(row)).values(**changes))
        assert done.rowcount == 1, f"{row} is not in the store"
        return cast(E, now)

    def remove(self, row: object) -> None:
        """Remove a row that is there."""
        done = self._connection.execute(delete(TABLES[type(row)]).where(*self._is(row)))
        assert done.rowcount == 1, f"{row} is not in the store"

    @staticmethod
    def _is(row: object) -> list[Any]:
        keys = TABLES[type(row)].primary_key.columns
        return [column == getattr(row, column.name) for column in keys]


class Store:
    """The management plane's memory, in the file `path`, which is made if it is not there.

    Raises UsageError for a file that is not sbsim's, or of a newer sbsim.

    Example: `with Store(path, clock).transaction() as rows: rows.all(Host)`
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._engine = create_engine(
            f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": 0}
        )
        event.listen(self._engine, "connect", _configure)
        event.listen(self._engine, "begin", _begin)
        try:
            with self._connected() as connection:
                self._prepare(connection)
        except (DatabaseError, OSError) as error:
            raise self._unfit(str(getattr(error, "orig", None) or error)) from error

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a transaction; it is kept when the block ends and dropped when it raises.

        Waits while another process has one open. Raises WaitedInVain after 30 s.
        """
        with self._connected() as connection:
            yield Transaction(connection)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            wait_until(
                self._clock,
                lambda: _taken(connection),
                BUSY_LIMIT_SECONDS,
                f"the store {self.path}, in which another process keeps a transaction open",
                every_seconds=0.02,
            )
            yield connection
            connection.commit()

    def _prepare(self, connection: Connection) -> None:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars().all()
        if not names:
            metadata.create_all(connection)
            row = {"application": APPLICATION, "version": VERSION}
            connection.execute(insert(schema).values(**row))
            return
        if schema.name not in names:
            raise self._unfit("it is another program's database")
        found = connection.execute(select(schema)).mappings().first()
        if found is None or found["application"] != APPLICATION:
            raise self._unfit("it is another program's database")
        if found["version"] != VERSION:
            raise UsageError(
                f"{self.path}: written by {'a newer' if found['version'] > VERSION else 'an older'}"
                f" sbsim (store version {found['version']}, this sbsim knows {VERSION}); use that "
                f"sbsim, or end the deployment with it and provision anew"
            )

    def _unfit(self, why: str) -> UsageError:
        return UsageError(
            f"{self.path}: cannot be opened as the management plane's store: {why}; give another "
            f"path, or move this file away (the store is then made anew)"
        )


def _values(row: object) -> dict[str, object]:
    return asdict(cast(Any, row))


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves


def _begin(connection: Connection) -> None:
    """Both pragmas count outside transactions only, and may themselves find the file busy."""
    for statement in ("PRAGMA foreign_keys = ON", "PRAGMA synchronous = FULL", "BEGIN EXCLUSIVE"):
        connection.exec_driver_sql(statement)


def _taken(connection: Connection) -> bool:
    """Begin the transaction; false if another process has one open."""
    try:
        connection.begin()
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            return False
        raise
    return True
