-- Incoming webhooks: what an integration has beyond its document, the keys of calls that posted, and
-- the history of calls.

CREATE TABLE integration_options (
    integration_id TEXT    NOT NULL PRIMARY KEY,
    doc            TEXT    NOT NULL, -- limits, and what the history keeps
    verify         TEXT              -- how calls are signed: sealed with the server's key, base64
);

-- Rows go after 24 hours, oldest first, by seq.
CREATE TABLE hook_keys (
    seq            INTEGER PRIMARY KEY,
    integration_id TEXT    NOT NULL,
    key            TEXT    NOT NULL, -- a digest of what the sender sent
    body_hash      TEXT    NOT NULL,
    answer         TEXT    NOT NULL, -- the whole body; the status was 200
    created_at_ms  BIGINT  NOT NULL
);
CREATE UNIQUE INDEX hook_keys_by_key ON hook_keys (integration_id, key);

-- Calls of an integration are numbered without gaps; those from shown_from to last_number are there
-- for readers. What is below shown_from is waste and goes in slices, so that clearing is one row.
CREATE TABLE hook_histories (
    seq            INTEGER PRIMARY KEY,
    integration_id TEXT    NOT NULL UNIQUE,
    stored_from    BIGINT  NOT NULL, -- no call below this number is stored any more
    shown_from     BIGINT  NOT NULL,
    last_number    BIGINT  NOT NULL,
    bytes          BIGINT  NOT NULL, -- of the calls that are shown
    oldest_ms      BIGINT            -- when the first of them was; NULL: there is none
);
CREATE INDEX hook_histories_with_waste ON hook_histories (seq) WHERE stored_from < shown_from;
CREATE INDEX hook_histories_by_age ON hook_histories (oldest_ms) WHERE oldest_ms IS NOT NULL;

CREATE TABLE hook_calls (
    history_seq    BIGINT  NOT NULL,
    number         BIGINT  NOT NULL,
    at_ms          BIGINT  NOT NULL,
    bytes          BIGINT  NOT NULL,
    doc            TEXT    NOT NULL,
    PRIMARY KEY (history_seq, number)
);
