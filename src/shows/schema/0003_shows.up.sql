CREATE TABLE shows (
    id                uuid        PRIMARY KEY,
    slug              text        NOT NULL CONSTRAINT shows_slug_key UNIQUE
                                  CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name              text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    requires_approval boolean     NOT NULL DEFAULT false,
    version           integer     NOT NULL DEFAULT 1,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL
);

CREATE UNIQUE INDEX shows_name_key ON shows (lower(name));

-- The show of a team that has only one: always there, its id is known to every client.
INSERT INTO shows (id, slug, name, created_at, updated_at)
VALUES ('00000000-0000-7000-8000-000000000001', 'default', 'Default', now(), now());
