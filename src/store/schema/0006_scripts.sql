-- Runs of scripts are kept as calls to hooks are: one table of lists for both kinds of records.

CREATE TABLE record_lists (
    seq            INTEGER PRIMARY KEY,
    kind           INTEGER NOT NULL, -- 0: calls to a hook, 1: runs of a script
    integration_id TEXT    NOT NULL,
    stored_from    BIGINT  NOT NULL, -- no record below this number is stored any more
    shown_from     BIGINT  NOT NULL,
    last_number    BIGINT  NOT NULL,
    bytes          BIGINT  NOT NULL, -- of the records that are shown
    oldest_ms      BIGINT,           -- when the first of them was; NULL: there is none
    UNIQUE (integration_id, kind)
);
INSERT INTO record_lists (seq, kind, integration_id, stored_from, shown_from, last_number, bytes,
                          oldest_ms)
    SELECT seq, 0, integration_id, stored_from, shown_from, last_number, bytes, oldest_ms
    FROM hook_histories;
DROP TABLE hook_histories;
CREATE INDEX record_lists_with_waste ON record_lists (seq) WHERE stored_from < shown_from;
CREATE INDEX record_lists_by_age ON record_lists (kind, oldest_ms) WHERE oldest_ms IS NOT NULL;

ALTER TABLE hook_calls RENAME TO records;
ALTER TABLE records RENAME COLUMN history_seq TO list_seq;
