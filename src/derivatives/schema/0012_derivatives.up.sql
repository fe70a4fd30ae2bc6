-- What is made from files so that they can be shown: smaller pictures, shapes of sounds, beginnings
-- of texts. All of it can be made again.
CREATE TYPE derivative_role AS ENUM ('thumbnail', 'preview', 'poster', 'waveform', 'text');
CREATE TYPE derivative_state AS ENUM ('ready', 'unavailable', 'failed');

CREATE TABLE file_derivatives (
    file_id    uuid             NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    role       derivative_role  NOT NULL,
    width      integer          NOT NULL CHECK (width >= 0),  -- 0: no picture
    height     integer          NOT NULL CHECK (height >= 0),
    media_type text             NOT NULL CHECK (length(media_type) <= 255),
    state      derivative_state NOT NULL,
    error      jsonb,                                         -- {kind, message}, when there is none
    blob_id    uuid             REFERENCES blobs (id),
    made_at    timestamptz      NOT NULL,
    CONSTRAINT file_derivatives_pkey PRIMARY KEY (file_id, role, width),
    CHECK ((state = 'ready') = (blob_id IS NOT NULL)),
    CHECK ((state = 'ready') = (error IS NULL))
);

CREATE INDEX file_derivatives_blob ON file_derivatives (blob_id) WHERE blob_id IS NOT NULL;

CREATE OR REPLACE FUNCTION blob_in_use(blob uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM files WHERE blob_id = blob)
        OR EXISTS (SELECT FROM file_derivatives WHERE blob_id = blob)
$$;

-- Decoding takes whole processors: two at once, over all nodes, until an admin says otherwise.
INSERT INTO job_queues (name, concurrency) VALUES ('media', 2) ON CONFLICT DO NOTHING;
