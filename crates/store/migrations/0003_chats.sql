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

-- A number that stays when the file is vacuumed, which the hidden rowid does not: the index of titles points to it.
ALTER TABLE conversations ADD COLUMN seq INTEGER;
UPDATE conversations SET seq = rowid;
CREATE UNIQUE INDEX conversations_by_seq ON conversations (seq);
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

CREATE TRIGGER conversation_drafts_go AFTER DELETE ON conversations BEGIN
    DELETE FROM drafts WHERE conversation_id = old.id;
END;

-- What can be found: everything but answers that are still being written, whose text is not in their row yet. Deleted
-- messages stay in the index until they are purged; a search looks whether what it found is deleted.
CREATE VIEW searchable_messages AS
    SELECT seq, content FROM messages WHERE role <> 'assistant' OR finish_reason IS NOT NULL;

CREATE VIRTUAL TABLE message_index USING fts5 (
    content, content = 'searchable_messages', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE title_index USING fts5 (
    title, content = 'conversations', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO message_index (message_index) VALUES ('rebuild');
INSERT INTO title_index (title_index) VALUES ('rebuild');

CREATE TRIGGER message_found AFTER INSERT ON messages
WHEN new.role <> 'assistant' OR new.finish_reason IS NOT NULL BEGIN
    INSERT INTO message_index (rowid, content) VALUES (new.seq, new.content);
END;
CREATE TRIGGER message_lost AFTER DELETE ON messages
WHEN old.role <> 'assistant' OR old.finish_reason IS NOT NULL BEGIN
    INSERT INTO message_index (message_index, rowid, content) VALUES ('delete', old.seq, old.content);
END;
CREATE TRIGGER message_changed_lost AFTER UPDATE OF content, finish_reason ON messages
WHEN old.role <> 'assistant' OR old.finish_reason IS NOT NULL BEGIN
    INSERT INTO message_index (message_index, rowid, content) VALUES ('delete', old.seq, old.content);
    INSERT INTO message_index (rowid, content) SELECT seq, content FROM searchable_messages WHERE seq = new.seq;
END;
CREATE TRIGGER message_changed_found AFTER UPDATE OF content, finish_reason ON messages
WHEN old.role = 'assistant' AND old.finish_reason IS NULL AND new.finish_reason IS NOT NULL BEGIN
    INSERT INTO message_index (rowid, content) VALUES (new.seq, new.content);
END;

CREATE TRIGGER title_found AFTER INSERT ON conversations BEGIN
    UPDATE conversations SET seq = (SELECT coalesce(max(seq), 0) + 1 FROM conversations) WHERE id = new.id;
    INSERT INTO title_index (rowid, title) SELECT seq, title FROM conversations WHERE id = new.id;
END;
CREATE TRIGGER title_lost AFTER DELETE ON conversations BEGIN
    INSERT INTO title_index (title_index, rowid, title) VALUES ('delete', old.seq, old.title);
END;
CREATE TRIGGER title_changed AFTER UPDATE OF title ON conversations WHEN old.title <> new.title BEGIN
    INSERT INTO title_index (title_index, rowid, title) VALUES ('delete', old.seq, old.title);
    INSERT INTO title_index (rowid, title) VALUES (new.seq, new.title);
END;
