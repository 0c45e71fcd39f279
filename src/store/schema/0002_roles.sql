-- Whether a role asks for a second factor, and the roles that were deleted, for clients that keep a
-- copy of the list.

ALTER TABLE roles ADD COLUMN mandatory_2fa INTEGER NOT NULL DEFAULT 0;

CREATE TABLE deleted_roles (
    id            TEXT    NOT NULL PRIMARY KEY,
    deleted_at_ms BIGINT  NOT NULL
);
