-- Outgoing webhooks: the calls that are due, which is the queue itself, and the history of calls.

-- Deliveries stand in lines. An integration has one open line at most; when it is switched off or
-- removed its line is closed, which is one row, and what stood in it goes in slices. Rows of closed
-- lines stay until nothing refers to them, so a number never means two lines.
CREATE TABLE delivery_lines (
    seq            INTEGER PRIMARY KEY,
    integration_id TEXT    NOT NULL,
    closed         INTEGER NOT NULL
);
CREATE UNIQUE INDEX delivery_lines_open ON delivery_lines (integration_id) WHERE closed = 0;
CREATE INDEX delivery_lines_closed ON delivery_lines (seq) WHERE closed = 1;

-- A call of one URL because of one event. Each index holds the rows of one state only; the state is
-- its first column, so that it answers whoever counts without a look at the rows.
CREATE TABLE deliveries (
    seq            INTEGER PRIMARY KEY,
    id             TEXT    NOT NULL, -- receivers see it; the first try's entry in the history
    line_seq       BIGINT  NOT NULL,
    integration_id TEXT    NOT NULL,
    state          INTEGER NOT NULL, -- 0 waiting, 1 sending, 2 dead
    due_ms         BIGINT  NOT NULL, -- waiting: from when on; sending: the claim ends; dead: since
    tries          BIGINT  NOT NULL, -- that failed
    depth          BIGINT  NOT NULL, -- how many replies of integrations led to the event
    created_ms     BIGINT  NOT NULL,
    event          TEXT    NOT NULL,
    url            TEXT    NOT NULL,
    data           TEXT    NOT NULL  -- JSON: what is told of the event
);
CREATE INDEX deliveries_waiting ON deliveries (state, line_seq, due_ms) WHERE state = 0;
CREATE INDEX deliveries_sending ON deliveries (state, line_seq) WHERE state = 1;
CREATE INDEX deliveries_dead ON deliveries (state, integration_id, due_ms) WHERE state = 2;
CREATE INDEX deliveries_dead_by_age ON deliveries (state, due_ms) WHERE state = 2;

-- How many dead ones an integration has, so that there are not too many.
CREATE TABLE dead_letters (
    integration_id TEXT    NOT NULL PRIMARY KEY,
    count          BIGINT  NOT NULL,
    gone           INTEGER NOT NULL  -- the integration was removed
);
CREATE INDEX dead_letters_gone ON dead_letters (integration_id) WHERE gone = 1;

-- The history of an integration's calls, numbered without gaps; those from shown_from to
-- last_number are there for readers. What is below is waste and goes in slices.
CREATE TABLE outgoing_histories (
    seq            INTEGER PRIMARY KEY,
    integration_id TEXT    NOT NULL UNIQUE,
    creator_id     TEXT,             -- of the integration, for callers who see only their own
    stored_from    BIGINT  NOT NULL, -- no entry below this number is stored any more
    shown_from     BIGINT  NOT NULL,
    last_number    BIGINT  NOT NULL,
    bytes          BIGINT  NOT NULL, -- of the entries that are shown
    oldest_ms      BIGINT            -- when the first of them was made; NULL: there is none
);
CREATE INDEX outgoing_histories_with_waste ON outgoing_histories (seq)
    WHERE stored_from < shown_from;
CREATE INDEX outgoing_histories_by_age ON outgoing_histories (oldest_ms)
    WHERE oldest_ms IS NOT NULL;

CREATE TABLE outgoing_history (
    seq            INTEGER PRIMARY KEY,
    id             TEXT    NOT NULL UNIQUE,
    history_seq    BIGINT  NOT NULL,
    number         BIGINT  NOT NULL,
    created_ms     BIGINT  NOT NULL,
    updated_ms     BIGINT  NOT NULL,
    bytes          BIGINT  NOT NULL,
    data           TEXT,             -- JSON; written once
    doc            TEXT    NOT NULL  -- the other members: JSON between the braces
);
CREATE UNIQUE INDEX outgoing_history_by_number ON outgoing_history (history_seq, number);
CREATE INDEX outgoing_history_by_change ON outgoing_history (history_seq, updated_ms);

-- The secrets that sign outgoing calls: sealed with the server's key, base64.
ALTER TABLE integration_options ADD COLUMN signing TEXT;

-- Nothing was ever written here.
DROP TABLE integration_history;
