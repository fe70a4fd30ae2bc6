-- Tokens of programs: of each only the SHA-256 is kept, by which it is found.
CREATE TABLE api_tokens (
    id           uuid        PRIMARY KEY,
    name         text        NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    hash         text        NOT NULL CONSTRAINT api_tokens_hash_key UNIQUE CHECK (length(hash) = 64),
    prefix       text        NOT NULL,
    scopes       text[]      NOT NULL CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['worker']),
    created_by   uuid        REFERENCES users (id) ON DELETE SET NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);
