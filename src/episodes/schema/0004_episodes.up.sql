CREATE TYPE episode_status AS ENUM ('draft', 'in_review', 'approved', 'published', 'archived');

CREATE TABLE episodes (
    id             uuid           PRIMARY KEY,
    show_id        uuid           NOT NULL CONSTRAINT episodes_show_id_fkey REFERENCES shows (id),
    season_number  integer        CHECK (season_number BETWEEN 0 AND 100000),
    episode_number integer        NOT NULL CHECK (episode_number BETWEEN 0 AND 1000000),
    title          text           NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    description    text           NOT NULL DEFAULT '' CHECK (length(description) <= 20000),
    air_date       date,
    categories     text[]         NOT NULL DEFAULT '{}' CHECK (cardinality(categories) <= 50),
    status         episode_status NOT NULL DEFAULT 'draft',
    metadata       jsonb          NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    version        integer        NOT NULL DEFAULT 1,
    created_at     timestamptz    NOT NULL,
    created_by     uuid,
    updated_at     timestamptz    NOT NULL,
    updated_by     uuid,
    deleted_at     timestamptz
);

-- An episode without a season is of season -1 here: NULLs would all be distinct.
CREATE UNIQUE INDEX episodes_number_key
    ON episodes (show_id, coalesce(season_number, -1), episode_number) WHERE deleted_at IS NULL;
CREATE INDEX episodes_updated ON episodes (updated_at, id);
