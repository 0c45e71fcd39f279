-- Messages. Those of a room are numbered from 1 without gaps at birth, and what a client is told of
-- a room (how many there are, the newest one, what somebody has not read) is derived from that, so
-- that a post writes as few rows in a room of ten thousand members as in one of ten.
--
-- They hang on the room's seq and not on its id: the id of a direct room comes from who is in it,
-- so it can come back while what the former room of that id left is still being removed.

CREATE TABLE messages (
    seq           INTEGER PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE,
    room_seq      BIGINT  NOT NULL,
    number        BIGINT  NOT NULL, -- in the room, never given again
    user_id       TEXT    NOT NULL,
    type          TEXT,             -- of what the server itself writes (uj, ul ...), else NULL
    thread_id     TEXT,             -- the message it replies to
    aside         INTEGER NOT NULL, -- a reply that is shown in its thread only
    ts_ms         BIGINT  NOT NULL, -- never before that of an earlier number, but for 10 seconds
    updated_at_ms BIGINT  NOT NULL,
    doc           TEXT    NOT NULL
);
CREATE UNIQUE INDEX messages_by_room ON messages (room_seq, number);
CREATE INDEX messages_by_thread ON messages (thread_id, number) WHERE thread_id IS NOT NULL;

-- One small row is all of a room that a post writes. A room without messages has none.
CREATE TABLE room_counters (
    room_seq      BIGINT  NOT NULL PRIMARY KEY,
    last_number   BIGINT  NOT NULL,
    last_shown    BIGINT  NOT NULL, -- of the newest message that is not aside; 0: there is none
    removed       BIGINT  NOT NULL, -- how many of the numbers are no more
    changed_at_ms BIGINT  NOT NULL  -- the newest ts, or later
);

-- Who is mentioned where. A message to everybody has one row, with the user '*'.
CREATE TABLE mentions (
    room_seq      BIGINT  NOT NULL,
    user_id       TEXT    NOT NULL,
    number        BIGINT  NOT NULL,
    PRIMARY KEY (room_seq, user_id, number)
);

-- What was deleted, for clients that keep a copy. Rows go after 30 days.
CREATE TABLE messages_removed (
    room_seq      BIGINT  NOT NULL,
    number        BIGINT  NOT NULL,
    id            TEXT    NOT NULL,
    removed_at_ms BIGINT  NOT NULL,
    PRIMARY KEY (room_seq, number)
);
CREATE INDEX messages_removed_by_age ON messages_removed (removed_at_ms);

-- How far somebody has read, and the newest message when he hid the room: a newer one shows it
-- again. `fresh`: he came in and has read nothing yet.
ALTER TABLE subscriptions ADD COLUMN read_number BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN hidden_number BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN fresh INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN seen_at_ms BIGINT NOT NULL DEFAULT 0;
UPDATE subscriptions SET fresh = 1 WHERE doc LIKE '%"alert":true%';

-- The ids of those in a direct room, sorted: one room for the same people.
ALTER TABLE rooms ADD COLUMN people_key TEXT;
CREATE UNIQUE INDEX rooms_by_people ON rooms (people_key) WHERE people_key IS NOT NULL;

CREATE INDEX rooms_default ON rooms (is_default) WHERE is_default <> 0;
