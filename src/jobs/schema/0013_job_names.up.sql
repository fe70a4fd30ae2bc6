-- Names of types and queues are checked when they are given, and no more whenever a row changes.
CREATE DOMAIN job_name AS text CHECK (VALUE ~ '^[a-z][a-z0-9_.-]{0,62}$');
ALTER TABLE jobs
    DROP CONSTRAINT jobs_type_check,
    DROP CONSTRAINT jobs_queue_check,
    ALTER COLUMN type TYPE job_name,
    ALTER COLUMN queue TYPE job_name;

-- What the server itself does has no actor; most of it is about jobs.
DROP INDEX events_actor;
CREATE INDEX events_actor ON events (actor_id, txid, seq) WHERE actor_id IS NOT NULL;
