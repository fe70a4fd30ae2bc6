-- Compositions: what a card shows of one, and its document as it is now.
CREATE TYPE composition_status AS ENUM ('draft', 'approved', 'published');

CREATE TABLE compositions (
    id               uuid               PRIMARY KEY,
    episode_id       uuid               NOT NULL REFERENCES episodes (id) ON DELETE CASCADE,
    show_id          uuid               NOT NULL REFERENCES shows (id),
    name             text               NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    status           composition_status NOT NULL DEFAULT 'draft',
    "primary"        boolean            NOT NULL DEFAULT false,
    position         double precision   NOT NULL,
    width            integer            NOT NULL CHECK (width BETWEEN 16 AND 8192),
    height           integer            NOT NULL CHECK (height BETWEEN 16 AND 8192),
    formats          text[]             NOT NULL CHECK (cardinality(formats) BETWEEN 1 AND 12),
    version          integer            NOT NULL DEFAULT 1,
    document_version integer            NOT NULL DEFAULT 1,  -- at which the document became what it is
    created_at       timestamptz        NOT NULL,
    created_by       uuid,
    updated_at       timestamptz        NOT NULL,
    updated_by       uuid,
    deleted_at       timestamptz,
    -- As it was sent: json keeps the order of its members, jsonb does not.
    document         json               NOT NULL CHECK (octet_length(document::text) <= 262144),
    CHECK (NOT ("primary" AND deleted_at IS NOT NULL))
);

CREATE INDEX compositions_episode ON compositions (episode_id, position, id);
CREATE INDEX compositions_updated ON compositions (updated_at, id);
CREATE UNIQUE INDEX compositions_primary_key ON compositions (episode_id) WHERE "primary";

-- What each version was. The document is here where the version changed it; document_version says
-- which row has it.
CREATE TABLE composition_versions (
    composition_id   uuid               NOT NULL REFERENCES compositions (id) ON DELETE CASCADE,
    version          integer            NOT NULL,
    name             text               NOT NULL,
    status           composition_status NOT NULL,
    "primary"        boolean            NOT NULL,
    summary          text               CHECK (length(summary) <= 500),
    changed_fields   text[]             NOT NULL,
    document_version integer            NOT NULL,
    reverted_from    integer,
    created_at       timestamptz        NOT NULL,
    created_by       uuid,
    created_by_name  text               NOT NULL,
    document         json,
    PRIMARY KEY (composition_id, version),
    CHECK ((document IS NOT NULL) = (document_version = version))
);

-- Templates of a show; those that come with the server are not here.
CREATE TABLE composition_templates (
    id         uuid        PRIMARY KEY,
    show_id    uuid        NOT NULL REFERENCES shows (id),
    name       text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    document   json        NOT NULL CHECK (octet_length(document::text) <= 262144),
    created_at timestamptz NOT NULL,
    created_by uuid
);

CREATE UNIQUE INDEX composition_templates_name_key ON composition_templates (show_id, lower(name));

-- A small picture of a document, made when somebody first wants to see it.
CREATE TABLE composition_previews (
    composition_id   uuid        NOT NULL,
    document_version integer     NOT NULL,
    picture          bytea       NOT NULL CHECK (octet_length(picture) <= 2097152),
    created_at       timestamptz NOT NULL,
    PRIMARY KEY (composition_id, document_version),
    FOREIGN KEY (composition_id, document_version)
        REFERENCES composition_versions (composition_id, version) ON DELETE CASCADE
);

-- Which file a document was last rendered to, in each format and kind of image.
CREATE TABLE composition_renders (
    composition_id   uuid        NOT NULL REFERENCES compositions (id) ON DELETE CASCADE,
    document_version integer     NOT NULL,
    format           text        NOT NULL,
    image_format     text        NOT NULL,
    quality          integer     NOT NULL,
    file_id          uuid        NOT NULL,
    sha256           text        NOT NULL,
    created_at       timestamptz NOT NULL,
    PRIMARY KEY (composition_id, document_version, format, image_format, quality)
);
