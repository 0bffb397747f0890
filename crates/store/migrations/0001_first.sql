-- A conversation is a tree of messages. `head_id` is the leaf of the branch that is shown.
CREATE TABLE conversations (
    id            TEXT    NOT NULL PRIMARY KEY,
    title         TEXT    NOT NULL,
    title_is_auto INTEGER NOT NULL CHECK (title_is_auto IN (0, 1)),
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    head_id       TEXT,
    deleted_at_ms INTEGER,
    -- Deferred: a conversation and its first messages point at each other and are stored together.
    FOREIGN KEY (id, head_id) REFERENCES messages (conversation_id, id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

CREATE INDEX conversations_by_age ON conversations (updated_at_ms DESC) WHERE deleted_at_ms IS NULL;

CREATE TABLE messages (
    -- The order in which messages were stored: a clock that is set back cannot shuffle siblings.
    seq             INTEGER NOT NULL PRIMARY KEY,
    id              TEXT    NOT NULL UNIQUE,
    conversation_id TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent_id       TEXT,
    role            TEXT    NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
    content         TEXT    NOT NULL,
    created_at_ms   INTEGER NOT NULL,
    finish_reason   TEXT    CHECK (finish_reason IN
                        ('stop', 'length', 'stop_string', 'cancelled', 'interrupted', 'failed')),
    cache_n         INTEGER,
    prompt_n        INTEGER,
    prompt_ms       REAL,
    predicted_n     INTEGER,
    predicted_ms    REAL,
    error_json      TEXT,
    model_name      TEXT,
    UNIQUE (conversation_id, id),
    -- The pair, so that no message can have a parent in another conversation.
    FOREIGN KEY (conversation_id, parent_id) REFERENCES messages (conversation_id, id)
) STRICT;

CREATE INDEX messages_by_parent ON messages (conversation_id, parent_id);
CREATE INDEX messages_unfinished ON messages (id) WHERE role = 'assistant' AND finish_reason IS NULL;

-- The text of an answer while it is written: rows are appended, never rewritten, then folded into
-- messages.content.
CREATE TABLE answer_chunks (
    message_id TEXT    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    seq        INTEGER NOT NULL,
    text       TEXT    NOT NULL,
    PRIMARY KEY (message_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE models (
    path          TEXT    NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL,
    quant         TEXT,
    size_bytes    INTEGER NOT NULL CHECK (size_bytes >= 0),
    last_used_ms  INTEGER NOT NULL,
    settings_json TEXT
) STRICT;

CREATE TABLE settings (
    key        TEXT NOT NULL PRIMARY KEY,
    value_json TEXT NOT NULL
) STRICT;
