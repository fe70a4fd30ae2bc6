-- The ledger: everything that happened, append-only, and the cursors of what reads it.
CREATE TABLE events (
    txid          xid8        NOT NULL DEFAULT pg_current_xact_id(),
    seq           bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    id            uuid        NOT NULL,
    type          text        NOT NULL,
    action        text        NOT NULL,
    created_at    timestamptz NOT NULL,
    actor_id      uuid,
    actor_name    text        NOT NULL,
    ip            inet,
    user_agent    text,
    request_id    text,
    resource_type text        NOT NULL,
    resource_id   uuid,
    episode_id    uuid,
    show_id       uuid,
    changes       json        NOT NULL,
    payload       json        NOT NULL,
    -- Stream order. A reader that stops at the oldest running transaction never skips a late commit.
    PRIMARY KEY (txid, seq)
);

CREATE INDEX events_episode ON events (episode_id, txid, seq) WHERE episode_id IS NOT NULL;
CREATE INDEX events_record ON events (resource_id, txid, seq) WHERE resource_type <> 'episode';
CREATE INDEX events_actor ON events (actor_id, txid, seq);
CREATE INDEX events_time ON events USING brin (created_at);

CREATE FUNCTION events_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER events_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_refuse_change();

-- The ledger as people read it.
CREATE VIEW activity_logs AS
    SELECT id, type, actor_id AS user_id, actor_name AS user_name, action, resource_type, resource_id,
           episode_id, show_id, payload AS metadata, host(ip) AS ip_address, user_agent, created_at
    FROM events;

-- The ledger as an auditor reads it.
CREATE VIEW audit_logs AS
    SELECT id, txid, seq, type, actor_id AS user_id, actor_name AS user_name, action, resource_type,
           resource_id, changes, payload AS metadata, host(ip) AS ip_address, user_agent, request_id,
           created_at
    FROM events;

CREATE TABLE consumers (
    name       text        PRIMARY KEY,
    txid       xid8        NOT NULL,
    seq        bigint      NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Events that a consumer could not take: set aside so that the rest goes on.
CREATE TABLE consumer_failures (
    consumer   text        NOT NULL REFERENCES consumers (name),
    txid       xid8        NOT NULL,
    seq        bigint      NOT NULL,
    error      text        NOT NULL,
    attempts   integer     NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, txid, seq)
);
