package sqlstore

import (
	"errors"
	"strings"
)

// Dialect is the kind of database.
type Dialect int

// The databases. MySQL is for MariaDB too.
const (
	Postgres Dialect = iota + 1 // 9.5 or later
	MySQL                       // MySQL 5.7, MariaDB 10.2 or later
	SQLite                      // 3.38 or later
)

// String is the name of the database.
func (d Dialect) String() string {
	switch d {
	case Postgres:
		return "PostgreSQL"
	case MySQL:
		return "MySQL"
	case SQLite:
		return "SQLite"
	}
	return "unknown database"
}

// statements are what a Store says. Their parameters come in the order of writing.
type statements struct{ create, get, insert, revive, swap, remove string }

// statements words them for one database. {now} is its clock in milliseconds since
// 1970, ? a parameter.
func (d Dialect) statements(table string) (statements, error) {
	var now, insert, name, value string
	switch d {
	case Postgres:
		now = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
		insert, name, value = "INSERT INTO {table} (name, value, ends) VALUES (?, ?, {now} + ?) ON CONFLICT DO NOTHING", "TEXT", "BYTEA"
	case MySQL:
		now = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"
		insert, name, value = "INSERT IGNORE INTO {table} (name, value, ends) VALUES (?, ?, {now} + ?)", "VARBINARY(190)", "BLOB"
	case SQLite:
		now = "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
		insert, name, value = "INSERT INTO {table} (name, value, ends) VALUES (?, ?, {now} + ?) ON CONFLICT DO NOTHING", "TEXT", "BLOB"
	default:
		return statements{}, errors.New("sqlstore: unknown Dialect; want Postgres, MySQL or SQLite")
	}
	word := func(text string) string {
		text = strings.NewReplacer("{table}", table, "{now}", now).Replace(text)
		if d == Postgres {
			text = numbered(text)
		}
		return text
	}
	return statements{
		create: word("CREATE TABLE IF NOT EXISTS {table} (name " + name + " PRIMARY KEY, value " + value + " NOT NULL, ends BIGINT NOT NULL)"),
		get:    word("SELECT value FROM {table} WHERE name = ? AND ends > {now}"),
		insert: word(insert),
		revive: word("UPDATE {table} SET value = ?, ends = {now} + ? WHERE name = ? AND ends <= {now}"),
		swap:   word("UPDATE {table} SET value = ?, ends = {now} + ? WHERE name = ? AND value = ? AND ends > {now}"),
		remove: word("DELETE FROM {table} WHERE name = ? AND value = ? AND ends > {now}"),
	}, nil
}

// numbered writes parameters as PostgreSQL wants them: $1, $2 …
func numbered(text string) string {
	parts := strings.Split(text, "?")
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteByte('$')
			b.WriteByte('0' + byte(i))
		}
		b.WriteString(part)
	}
	return b.String()
}
