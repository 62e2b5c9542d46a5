-- One file holds everything the shop must not lose. Money is in fen, time in milliseconds since 1970.

CREATE TABLE IF NOT EXISTS products (
	slug     TEXT PRIMARY KEY,
	position INTEGER NOT NULL,
	name_zh  TEXT NOT NULL,
	name_en  TEXT NOT NULL,
	about_zh TEXT NOT NULL,
	about_en TEXT NOT NULL,
	price    INTEGER NOT NULL CHECK (price > 0),
	stock    INTEGER NOT NULL CHECK (stock >= 0)
) STRICT;

CREATE TABLE IF NOT EXISTS customers (
	id       INTEGER PRIMARY KEY,
	openid   TEXT NOT NULL UNIQUE, -- or a made-up one of a guest
	created  INTEGER NOT NULL,
	nickname TEXT NOT NULL DEFAULT '' -- as WeChat told it
) STRICT;

-- Where a customer's parcels go: personal data, as package address saves it.
CREATE TABLE IF NOT EXISTS addresses (
	customer_id INTEGER PRIMARY KEY REFERENCES customers (id),
	saved       TEXT NOT NULL,
	at          INTEGER NOT NULL
) STRICT;

-- The cookie holds a random token, the table only its SHA-256: a stolen copy of the file logs nobody in.
CREATE TABLE IF NOT EXISTS sessions (
	token_hash  BLOB PRIMARY KEY,
	customer_id INTEGER NOT NULL REFERENCES customers (id),
	csrf        TEXT NOT NULL,
	merchant    INTEGER NOT NULL DEFAULT 0,
	expires     INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS orders (
	no             TEXT PRIMARY KEY, -- out_trade_no
	mchid          TEXT NOT NULL,    -- who sells: compared with what a notice says
	appid          TEXT NOT NULL,
	customer_id    INTEGER NOT NULL REFERENCES customers (id),
	form_token     TEXT NOT NULL,
	product        TEXT NOT NULL REFERENCES products (slug),
	description    TEXT NOT NULL,
	quantity       INTEGER NOT NULL CHECK (quantity > 0),
	total          INTEGER NOT NULL CHECK (total > 0),
	nickname       TEXT NOT NULL,
	note           TEXT NOT NULL,
	channel        TEXT NOT NULL,
	state          TEXT NOT NULL,
	openid         TEXT NOT NULL,
	prepay_id      TEXT NOT NULL DEFAULT '',
	code_url       TEXT NOT NULL DEFAULT '',
	transaction_id TEXT NOT NULL DEFAULT '',
	created        INTEGER NOT NULL,
	expires        INTEGER NOT NULL,
	paid           INTEGER NOT NULL DEFAULT 0,
	asked          INTEGER NOT NULL DEFAULT 0, -- how often WeChat was asked about it
	ask_next       INTEGER NOT NULL,           -- when to ask again
	ip             TEXT NOT NULL DEFAULT '',   -- of the browser that ordered
	payer          TEXT NOT NULL DEFAULT '',   -- openid of who paid, if a notice said so
	watch          INTEGER NOT NULL DEFAULT 0, -- closed here but not at WeChat: until then it may be paid
	address        TEXT NOT NULL DEFAULT '',   -- where it goes, as the customer's address was
	told           INTEGER NOT NULL DEFAULT 0, -- the customer got a message about the payment
	UNIQUE (customer_id, form_token)           -- a double click is one order
) STRICT;
CREATE INDEX IF NOT EXISTS orders_due ON orders (ask_next) WHERE state = 'PENDING';
CREATE INDEX IF NOT EXISTS orders_of ON orders (customer_id, created);

CREATE TABLE IF NOT EXISTS refunds (
	no         TEXT PRIMARY KEY, -- out_refund_no, on disk before WeChat hears of it
	order_no   TEXT NOT NULL REFERENCES orders (no),
	form_token TEXT NOT NULL,
	amount     INTEGER NOT NULL CHECK (amount > 0),
	reason     TEXT NOT NULL,
	state      TEXT NOT NULL,
	refund_id  TEXT NOT NULL DEFAULT '',
	problem    TEXT NOT NULL DEFAULT '', -- why the last try did not work
	created    INTEGER NOT NULL,
	done       INTEGER NOT NULL DEFAULT 0,
	asked      INTEGER NOT NULL DEFAULT 0,
	ask_next   INTEGER NOT NULL,
	UNIQUE (order_no, form_token)
) STRICT;
CREATE INDEX IF NOT EXISTS refunds_due ON refunds (ask_next) WHERE state IN ('REQUESTED', 'PROCESSING');

-- The ledger: only ever appended to. One payment, one refund = one row, whatever told us about it.
CREATE TABLE IF NOT EXISTS entries (
	kind      TEXT NOT NULL,    -- payment or refund
	wechat_id TEXT NOT NULL,    -- transaction_id or refund_id
	no        TEXT NOT NULL,    -- out_trade_no or out_refund_no
	order_no  TEXT NOT NULL REFERENCES orders (no),
	amount    INTEGER NOT NULL, -- fen, refunds are negative
	at        INTEGER NOT NULL,
	PRIMARY KEY (kind, wechat_id),
	UNIQUE (kind, no)
) STRICT;

-- Business keys of the notices whose effect is committed.
CREATE TABLE IF NOT EXISTS events (
	key TEXT PRIMARY KEY,
	at  INTEGER NOT NULL
) STRICT;

-- What a person has to look at: nothing here was fulfilled.
CREATE TABLE IF NOT EXISTS alarms (
	id     INTEGER PRIMARY KEY,
	key    TEXT NOT NULL UNIQUE,
	no     TEXT NOT NULL,
	kind   TEXT NOT NULL,
	detail TEXT NOT NULL,
	at     INTEGER NOT NULL,
	acked  INTEGER NOT NULL DEFAULT 0 -- when the merchant took note of it
) STRICT;

-- How paid goods travel. The row is on disk before WeChat hears of it, and never changes its parcel.
CREATE TABLE IF NOT EXISTS shipments (
	order_no TEXT PRIMARY KEY REFERENCES orders (no),
	company  TEXT NOT NULL,
	tracking TEXT NOT NULL,
	state    TEXT NOT NULL,
	at       INTEGER NOT NULL,            -- when the parcel was handed over
	problem  TEXT NOT NULL DEFAULT '',    -- why the last try to tell WeChat did not work
	received INTEGER NOT NULL DEFAULT 0,
	by_time  INTEGER NOT NULL DEFAULT 0,  -- nobody confirmed, and the time was over
	settled  INTEGER NOT NULL DEFAULT 0,
	asked    INTEGER NOT NULL DEFAULT 0,
	ask_next INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS shipments_due ON shipments (ask_next) WHERE state = 'REQUESTED';

-- What customers complain about. steps is their history as JSON: it only grows.
CREATE TABLE IF NOT EXISTS complaints (
	id         TEXT PRIMARY KEY,
	order_no   TEXT NOT NULL REFERENCES orders (no),
	openid     TEXT NOT NULL,
	state      TEXT NOT NULL,
	detail     TEXT NOT NULL,
	problem    TEXT NOT NULL,
	asked      INTEGER NOT NULL, -- fen of refund
	waits      INTEGER NOT NULL, -- the customer spoke last
	created    INTEGER NOT NULL,
	pictures   TEXT NOT NULL,
	steps      TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS complaints_of ON complaints (order_no);
