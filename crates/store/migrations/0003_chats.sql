-- Folders for conversations. A conversation is in one or in none.
CREATE TABLE folders (
    id            TEXT    NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;

ALTER TABLE conversations ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1));
ALTER TABLE conversations ADD COLUMN archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1));
ALTER TABLE conversations ADD COLUMN folder_id TEXT REFERENCES folders (id) ON DELETE SET NULL;
-- System prompt, sampling and what to do when the context is full; NULL: as the settings say.
ALTER TABLE conversations ADD COLUMN setup_json TEXT;

-- Where an imported conversation comes from and what was in it, so that the same file brings it once.
ALTER TABLE conversations ADD COLUMN origin TEXT;
CREATE UNIQUE INDEX conversations_by_origin ON conversations (origin) WHERE origin IS NOT NULL;

CREATE INDEX conversations_by_folder ON conversations (folder_id) WHERE folder_id IS NOT NULL;

-- Deleted messages are purged like deleted conversations: when the database is opened the next time. What follows a
-- deleted message is deleted with it, at the same time.
ALTER TABLE messages ADD COLUMN deleted_at_ms INTEGER;
-- Whether the person wrote or changed an answer.
ALTER TABLE messages ADD COLUMN edited INTEGER NOT NULL DEFAULT 0 CHECK (edited IN (0, 1));
-- Which messages of the branch the model did not see when it wrote this answer.
ALTER TABLE messages ADD COLUMN cut_json TEXT;
-- How long the model thought before it answered.
ALTER TABLE messages ADD COLUMN thinking_ms REAL;

CREATE INDEX messages_deleted ON messages (deleted_at_ms) WHERE deleted_at_ms IS NOT NULL;

-- Texts of files that were sent with a message.
CREATE TABLE attachments (
    id         TEXT    NOT NULL PRIMARY KEY,
    message_id TEXT    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    seq        INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('text', 'code', 'pdf', 'docx')),
    size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
    -- In the tokens of the model that was loaded; NULL: nobody counted.
    n_tokens   INTEGER,
    text       TEXT    NOT NULL,
    UNIQUE (message_id, seq)
) STRICT;

-- What was typed and not sent. '' is the conversation that does not exist yet.
CREATE TABLE drafts (
    conversation_id TEXT    NOT NULL PRIMARY KEY,
    text            TEXT    NOT NULL,
    updated_at_ms   INTEGER NOT NULL
) STRICT;

-- Named system prompts with sampling, and named texts to begin a message with.
CREATE TABLE presets (
    id            TEXT    NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL,
    body_json     TEXT    NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE templates (
    id            TEXT    NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL,
    text          TEXT    NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;
