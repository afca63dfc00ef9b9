"""SQL: PostgreSQL, MySQL, MariaDB and SQLite by their drivers' own connections, all else through SQLAlchemy."""
