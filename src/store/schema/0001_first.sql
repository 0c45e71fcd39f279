-- The first schema. Tables are named after the nouns; a column is a field that something looks up,
-- sorts or decides by, and `doc` is the rest of the noun's document as JSON. `seq` numbers rows in
-- the order of their creation. Moments are milliseconds since 1970, UTC. No cascades: a command says
-- itself what it removes.

CREATE TABLE roles (
    seq           INTEGER PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    scope         TEXT    NOT NULL, -- Users or Subscriptions
    description   TEXT    NOT NULL,
    protected     INTEGER NOT NULL,
    updated_at_ms BIGINT  NOT NULL
);

CREATE TABLE permissions (
    seq           INTEGER PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE,
    updated_at_ms BIGINT  NOT NULL
);

CREATE TABLE permission_roles (
    permission_id TEXT    NOT NULL,
    role_id       TEXT    NOT NULL,
    position      INTEGER NOT NULL,
    PRIMARY KEY (permission_id, role_id)
);

-- Only values that differ from the program's default, or that were made at the first start.
CREATE TABLE settings (
    id            TEXT    NOT NULL PRIMARY KEY,
    value         TEXT    NOT NULL, -- JSON
    updated_at_ms BIGINT  NOT NULL
);

CREATE TABLE users (
    seq           INTEGER PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE,
    username      TEXT    NOT NULL,
    username_key  TEXT    NOT NULL UNIQUE, -- lower case
    name          TEXT    NOT NULL,
    type          TEXT    NOT NULL, -- user, bot or app
    active        INTEGER NOT NULL,
    password      TEXT,             -- bcrypt of the lower-case hex SHA-256 of the password
    created_at_ms BIGINT  NOT NULL,
    updated_at_ms BIGINT  NOT NULL,
    last_login_ms BIGINT,
    doc           TEXT    NOT NULL
);

CREATE TABLE user_emails (
    user_id       TEXT    NOT NULL,
    position      INTEGER NOT NULL,
    address       TEXT    NOT NULL,
    address_key   TEXT    NOT NULL UNIQUE, -- lower case
    verified      INTEGER NOT NULL,
    PRIMARY KEY (user_id, position)
);

CREATE TABLE user_roles (
    user_id       TEXT    NOT NULL,
    role_id       TEXT    NOT NULL,
    position      INTEGER NOT NULL,
    PRIMARY KEY (user_id, role_id)
);
CREATE INDEX user_roles_by_role ON user_roles (role_id);

CREATE TABLE login_tokens (
    seq               INTEGER PRIMARY KEY,
    hash              TEXT    NOT NULL UNIQUE, -- base64 of the token's SHA-256, 44 characters
    user_id           TEXT    NOT NULL,
    personal          INTEGER NOT NULL,
    name              TEXT,                    -- of a personal access token
    last_part         TEXT,
    bypass_two_factor INTEGER NOT NULL,
    created_at_ms     BIGINT  NOT NULL
);
CREATE INDEX login_tokens_by_user ON login_tokens (user_id, seq);

CREATE TABLE rooms (
    seq           INTEGER PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE,
    type          TEXT    NOT NULL, -- c, p or d
    name          TEXT,             -- NULL for d
    team_id       TEXT,
    archived      INTEGER NOT NULL,
    is_default    INTEGER NOT NULL,
    created_at_ms BIGINT  NOT NULL,
    updated_at_ms BIGINT  NOT NULL,
    doc           TEXT    NOT NULL
);
CREATE UNIQUE INDEX rooms_by_name ON rooms (name);
CREATE INDEX rooms_by_type ON rooms (type, name);
CREATE INDEX rooms_by_team ON rooms (team_id);

CREATE TABLE subscriptions (
    seq           INTEGER PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE,
    room_id       TEXT    NOT NULL,
    user_id       TEXT    NOT NULL,
    open          INTEGER NOT NULL,
    created_at_ms BIGINT  NOT NULL,
    updated_at_ms BIGINT  NOT NULL,
    doc           TEXT    NOT NULL
);
CREATE UNIQUE INDEX subscriptions_by_room ON subscriptions (room_id, user_id);
CREATE INDEX subscriptions_by_user ON subscriptions (user_id);

-- Roles that a user has in one room: owner, moderator, leader.
CREATE TABLE subscription_roles (
    room_id       TEXT    NOT NULL,
    user_id       TEXT    NOT NULL,
    role_id       TEXT    NOT NULL,
    PRIMARY KEY (room_id, user_id, role_id)
);

CREATE TABLE teams (
    seq           INTEGER PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL UNIQUE,
    private       INTEGER NOT NULL,
    room_id       TEXT    NOT NULL,
    creator_id    TEXT    NOT NULL,
    created_at_ms BIGINT  NOT NULL,
    updated_at_ms BIGINT  NOT NULL
);

CREATE TABLE team_members (
    team_id       TEXT    NOT NULL,
    user_id       TEXT    NOT NULL,
    created_at_ms BIGINT  NOT NULL,
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX team_members_by_user ON team_members (user_id);

CREATE TABLE integrations (
    seq           INTEGER PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE,
    incoming      INTEGER NOT NULL,
    creator_id    TEXT,
    name          TEXT    NOT NULL,
    name_key      TEXT    NOT NULL, -- lower case, for the list's filter
    user_id       TEXT    NOT NULL, -- it posts as
    updated_at_ms BIGINT  NOT NULL,
    doc           TEXT    NOT NULL  -- the whole document, as the API answers it
);
-- Holds all that a list filters by, so that a filter walks 100 bytes a row and not the documents.
CREATE INDEX integrations_by_filter ON integrations (incoming, creator_id, name, name_key);
CREATE INDEX integrations_by_user ON integrations (user_id);

-- Every URL of every outgoing integration, to find one by target_url.
CREATE TABLE integration_urls (
    integration_seq BIGINT NOT NULL,
    position        INTEGER NOT NULL,
    url             TEXT    NOT NULL,
    PRIMARY KEY (integration_seq, position)
);
CREATE INDEX integration_urls_by_url ON integration_urls (url, integration_seq);

-- What happened with an outgoing integration's calls.
CREATE TABLE integration_history (
    seq            INTEGER PRIMARY KEY,
    id             TEXT    NOT NULL UNIQUE,
    integration_id TEXT    NOT NULL,
    creator_id     TEXT, -- of the integration, for callers who see only their own
    created_at_ms  BIGINT  NOT NULL,
    updated_at_ms  BIGINT  NOT NULL,
    doc            TEXT    NOT NULL
);
CREATE INDEX integration_history_by_integration ON integration_history (integration_id, updated_at_ms);
