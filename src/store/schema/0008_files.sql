-- Files that somebody uploaded. Their bytes are in the folder files/ beside the database, each under
-- its id. Files hang on the room's seq, as messages do.

CREATE TABLE files (
    seq            INTEGER PRIMARY KEY,
    id             TEXT    NOT NULL UNIQUE,
    room_seq       BIGINT  NOT NULL,
    user_id        TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    type           TEXT    NOT NULL,
    size           BIGINT  NOT NULL,
    message_id     TEXT,             -- that carries it; NULL: it is not confirmed
    gone           INTEGER NOT NULL, -- for everybody; its bytes are removed next, and then its row
    uploaded_at_ms BIGINT  NOT NULL,
    expires_at_ms  BIGINT            -- when it is gone unless it is confirmed before
);
CREATE INDEX files_by_room ON files (room_seq, name) WHERE gone = 0;
CREATE INDEX files_by_message ON files (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX files_by_expiry ON files (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
CREATE INDEX files_gone ON files (seq) WHERE gone <> 0;
