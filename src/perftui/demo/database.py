"""The shop's data: SQLite in a temporary file that the system removes when the process ends.

Only the newest rows are kept, so a long write test neither fills the disk nor slows the service down.
"""

from __future__ import annotations

import hashlib
import random
import secrets
import sqlite3
from typing import Any

SEEDED_ITEMS = 1_000
MOST_ITEMS = 20_000
MOST_USERS = 20_000
MOST_SESSIONS = 20_000
_HASH_ROUNDS = 1_000  # low for a password: the service should show its own speed, not that of a hash
_COLUMNS = ("id", "name", "description", "category", "price", "quantity")
_CATEGORIES = ("books", "games", "garden", "kitchen", "music", "tools")
_ADJECTIVES = (
    "blue",
    "brave",
    "calm",
    "clever",
    "green",
    "heavy",
    "light",
    "quick",
    "quiet",
    "small",
    "warm",
    "wooden",
)
_NOUNS = (
    "atlas",
    "bowl",
    "drum",
    "globe",
    "hammer",
    "kettle",
    "lamp",
    "map",
    "piano",
    "puzzle",
    "shovel",
    "spoon",
    "violin",
)
_SCHEMA = """
CREATE TABLE items (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    category TEXT NOT NULL,
    price REAL NOT NULL,
    quantity INTEGER NOT NULL
);
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    salt BLOB NOT NULL,
    password BLOB NOT NULL
);
CREATE TABLE sessions (id INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL UNIQUE, user_id INTEGER NOT NULL);
CREATE INDEX sessions_by_user ON sessions (user_id);
"""

Row = dict[str, Any]


class Database:
    """Items, users and sessions."""

    def __init__(self, path: str = "") -> None:
        """Create the data.

        Args:
            path: of a file that is not there yet, which others may open as well. An empty one is SQLite's own way to a
                temporary file: on disk, private, gone with the connection.

        Raises:
            sqlite3.Error: the file cannot be made, or holds something already.
        """
        self._connection = sqlite3.connect(path, isolation_level=None)
        if path:
            self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.executescript(_SCHEMA)
        self._seed()

    def _seed(self) -> None:
        source = random.Random(1)
        rows = [
            (
                f"{source.choice(_ADJECTIVES)} {source.choice(_NOUNS)}",
                f"item {number} of the demo shop",
                source.choice(_CATEGORIES),
                round(source.uniform(1, 200), 2),
                source.randint(0, 500),
            )
            for number in range(1, SEEDED_ITEMS + 1)
        ]
        self._connection.execute("BEGIN")
        self._connection.executemany(
            "INSERT INTO items (name, description, category, price, quantity) VALUES (?, ?, ?, ?, ?)", rows
        )
        self._connection.execute("COMMIT")

    def count_items(self) -> int:
        """How many items there are."""
        return int(self._connection.execute("SELECT count(*) FROM items").fetchone()[0])

    def count_users(self) -> int:
        """How many users there are."""
        return int(self._connection.execute("SELECT count(*) FROM users").fetchone()[0])

    def page(self, number: int, size: int) -> list[Row]:
        """The items of a page, by id; pages count from one."""
        return self._items("ORDER BY id LIMIT ? OFFSET ?", (size, (number - 1) * size))

    def search(self, text: str, size: int) -> list[Row]:
        """Items whose name contains the text, by id."""
        pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        return self._items("WHERE name LIKE ? ESCAPE '\\' ORDER BY id LIMIT ?", (pattern, size))

    def item(self, item_id: int) -> Row | None:
        """One item."""
        found = self._items("WHERE id = ?", (item_id,))
        return found[0] if found else None

    def create(self, values: Row) -> Row:
        """Store a new item; the oldest one that was not there at the start makes room when there are too many."""
        cursor = self._connection.execute(
            "INSERT INTO items (name, description, category, price, quantity)"
            " VALUES (:name, :description, :category, :price, :quantity)",
            values,
        )
        item_id = int(cursor.lastrowid or 0)
        outdated = item_id - (MOST_ITEMS - SEEDED_ITEMS)
        if outdated > SEEDED_ITEMS:
            self._connection.execute("DELETE FROM items WHERE id = ?", (outdated,))
        return {"id": item_id, **values}

    def update(self, item_id: int, values: Row) -> Row | None:
        """Change an item; None when there is none."""
        present = self.item(item_id)
        if present is None:
            return None
        changed = present | values
        self._connection.execute(
            "UPDATE items SET name = :name, description = :description, category = :category, price = :price,"
            " quantity = :quantity WHERE id = :id",
            changed,
        )
        return changed

    def delete(self, item_id: int) -> bool:
        """Remove an item; whether there was one."""
        return self._connection.execute("DELETE FROM items WHERE id = ?", (item_id,)).rowcount == 1

    def register(self, email: str, name: str, password: str) -> Row | None:
        """Store a new user; None when the address is taken."""
        salt = secrets.token_bytes(16)
        try:
            cursor = self._connection.execute(
                "INSERT INTO users (email, name, salt, password) VALUES (?, ?, ?, ?)",
                (email, name, salt, _digest(password, salt)),
            )
        except sqlite3.IntegrityError:
            return None
        user_id = int(cursor.lastrowid or 0)
        self._connection.execute("DELETE FROM users WHERE id = ?", (user_id - MOST_USERS,))
        return {"id": user_id, "email": email, "name": name}

    def log_in(self, email: str, password: str) -> str | None:
        """A new session's token; None when address or password is wrong."""
        row = self._connection.execute("SELECT id, salt, password FROM users WHERE email = ?", (email,)).fetchone()
        if row is None or not secrets.compare_digest(_digest(password, row[1]), row[2]):
            return None
        token = secrets.token_urlsafe(24)
        cursor = self._connection.execute("INSERT INTO sessions (token, user_id) VALUES (?, ?)", (token, row[0]))
        self._connection.execute("DELETE FROM sessions WHERE id = ?", (int(cursor.lastrowid or 0) - MOST_SESSIONS,))
        return token

    def user_of(self, token: str) -> Row | None:
        """The user of a session."""
        row = self._connection.execute(
            "SELECT users.id, email, name FROM sessions JOIN users ON users.id = user_id WHERE token = ?", (token,)
        ).fetchone()
        return None if row is None else dict(zip(("id", "email", "name"), row, strict=True))

    def remove_user(self, user_id: int) -> None:
        """Forget a user and their sessions."""
        self._connection.execute("DELETE FROM users WHERE id = ?", (user_id,))
        self._connection.execute("DELETE FROM sessions WHERE user_id = ?", (user_id,))

    def close(self) -> None:
        """End the connection; the file goes with it."""
        self._connection.close()

    def _items(self, condition: str, values: tuple[object, ...]) -> list[Row]:
        # condition is one of the constants above, never text from a request
        rows = self._connection.execute(f"SELECT {', '.join(_COLUMNS)} FROM items {condition}", values)  # noqa: S608 - constants
        return [dict(zip(_COLUMNS, row, strict=True)) for row in rows]


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _HASH_ROUNDS)
