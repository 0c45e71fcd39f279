-- What people do with messages that are there: pin, star, reply to, report them.

-- Both follow from the doc and are written with it. `replied_at_ms`: of the newest reply; NULL: no
-- thread begins here.
ALTER TABLE messages ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN replied_at_ms BIGINT;
UPDATE messages SET replied_at_ms =
    (SELECT MAX(o.ts_ms) FROM messages o WHERE o.thread_id = messages.id)
    WHERE id IN (SELECT o.thread_id FROM messages o WHERE o.thread_id IS NOT NULL);
CREATE INDEX messages_pinned ON messages (room_seq, number) WHERE pinned <> 0;
CREATE INDEX messages_replied ON messages (room_seq, replied_at_ms)
    WHERE replied_at_ms IS NOT NULL;
-- Nearly all messages stay as they were written, and cost nothing here.
CREATE INDEX messages_changed ON messages (room_seq, updated_at_ms) WHERE updated_at_ms <> ts_ms;

-- Who starred what, known to himself only. A row may outlive its message, for numbers are never
-- given again; it goes with the room.
CREATE TABLE stars (
    room_seq      BIGINT  NOT NULL,
    user_id       TEXT    NOT NULL,
    number        BIGINT  NOT NULL,
    PRIMARY KEY (room_seq, user_id, number)
);

-- What was reported to the administrators, by each user once.
CREATE TABLE reports (
    message_id    TEXT    NOT NULL,
    user_id       TEXT    NOT NULL,
    room_id       TEXT    NOT NULL,
    description   TEXT    NOT NULL,
    message       TEXT    NOT NULL, -- the text as it was
    created_at_ms BIGINT  NOT NULL,
    PRIMARY KEY (message_id, user_id)
);
