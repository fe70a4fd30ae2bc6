-- Files of episodes. The record is here; its bytes are a blob in a store, which any number of records
-- may refer to.
CREATE TYPE file_kind AS ENUM ('video', 'image', 'audio', 'script', 'other');
CREATE TYPE file_state AS ENUM ('uploading', 'ready', 'failed');

CREATE TABLE blobs (
    id         uuid        PRIMARY KEY,
    store      text        NOT NULL CHECK (store IN ('disk', 's3')),
    key        text        NOT NULL,
    sha256     text        NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    bytes      bigint      NOT NULL CHECK (bytes > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- When it was last given to a record: nothing is removed soon after.
    touched_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT blobs_content_key UNIQUE (store, sha256),
    CONSTRAINT blobs_place_key UNIQUE (store, key)
);

CREATE TABLE files (
    id          uuid        PRIMARY KEY,
    episode_id  uuid        NOT NULL REFERENCES episodes (id) ON DELETE CASCADE,
    show_id     uuid        NOT NULL,
    name        text        NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    kind        file_kind   NOT NULL,
    media_type  text        NOT NULL CHECK (length(media_type) <= 255),
    bytes       bigint      CHECK (bytes >= 0),
    sha256      text        CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    state       file_state  NOT NULL DEFAULT 'uploading',
    error       jsonb,                            -- {code, message}, when it failed
    source      jsonb,                            -- what made it, when no person sent it: {job_id, …}
    media       jsonb,                            -- what looking into it found: duration, width, height …
    derivatives jsonb       NOT NULL DEFAULT '[]', -- smaller pictures and the like, made from it
    blob_id     uuid        REFERENCES blobs (id),
    version     integer     NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    created_by  uuid,
    updated_at  timestamptz NOT NULL,
    updated_by  uuid,
    deleted_at  timestamptz,
    CHECK (state <> 'ready' OR (bytes > 0 AND sha256 IS NOT NULL)),
    CHECK (state <> 'failed' OR error IS NOT NULL)
);

CREATE INDEX files_episode ON files (episode_id, id);
CREATE INDEX files_show ON files (show_id) INCLUDE (bytes) WHERE deleted_at IS NULL AND state <> 'failed';
CREATE INDEX files_blob ON files (blob_id) WHERE blob_id IS NOT NULL;
CREATE INDEX files_deleted ON files (deleted_at) WHERE deleted_at IS NOT NULL AND blob_id IS NOT NULL;

-- Uploads on their way, one a file, whose id is also theirs. A row goes with the end of its upload.
CREATE TABLE uploads (
    file_id     uuid        PRIMARY KEY REFERENCES files (id) ON DELETE CASCADE,
    method      text        NOT NULL CHECK (method IN ('put', 'tus', 'multipart', 'direct', 'job')),
    kind_given  boolean     NOT NULL,
    bytes       bigint      CHECK (bytes >= 0),   -- as announced
    sha256      text        CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    position    bigint      NOT NULL DEFAULT 0 CHECK (position >= 0),  -- durable in the store
    staged      text        NOT NULL DEFAULT '',  -- the store's own notes at that position
    hash        text        NOT NULL DEFAULT '',  -- the state of SHA-256 at that position
    metadata    text        NOT NULL DEFAULT '',  -- Upload-Metadata of tus, as it came
    -- Who writes: one more at every claim. A writer that is not heard of loses it.
    lease       bigint      NOT NULL DEFAULT 0,
    lease_until timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL
);

CREATE INDEX uploads_expiry ON uploads (expires_at);

-- When a user last fetched a file: fetching it piece by piece is one download.
CREATE TABLE file_downloads (
    file_id uuid        NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    user_id uuid        NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (file_id, user_id)
);

-- Whatever else comes to refer to blobs replaces this with one that knows of it.
CREATE FUNCTION blob_in_use(blob uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM files WHERE blob_id = blob)
$$;
