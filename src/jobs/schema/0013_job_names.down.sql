DROP INDEX events_actor;
CREATE INDEX events_actor ON events (actor_id, txid, seq);

ALTER TABLE jobs
    ALTER COLUMN type TYPE text,
    ALTER COLUMN queue TYPE text,
    ADD CONSTRAINT jobs_type_check CHECK (type ~ '^[a-z][a-z0-9_.-]{0,62}$'),
    ADD CONSTRAINT jobs_queue_check CHECK (queue ~ '^[a-z][a-z0-9_.-]{0,62}$');
DROP DOMAIN job_name;
