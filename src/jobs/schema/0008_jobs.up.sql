-- Jobs. Rows that wait or run are in a small hot table; what is over moves out of it, so that a claim
-- never wades through history: completed and cancelled jobs into partitions by week, which are dropped
-- whole, failed ones into the dead letters, which stay until somebody decides.
CREATE TYPE job_status AS ENUM ('pending', 'processing', 'completed', 'failed', 'cancelled');

-- Settings of the queues that have any; a queue without a row has no limits.
CREATE TABLE job_queues (
    name              text             PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_.-]{0,62}$'),
    paused            boolean          NOT NULL DEFAULT false,
    concurrency       integer          CHECK (concurrency BETWEEN 1 AND 100000),        -- over all processors
    group_concurrency integer          CHECK (group_concurrency BETWEEN 1 AND 100000),  -- of one group
    rate_per_minute   integer          CHECK (rate_per_minute BETWEEN 1 AND 10000000),  -- starts
    tokens            double precision NOT NULL DEFAULT 0,                              -- starts saved up
    refilled_at       timestamptz      NOT NULL DEFAULT now()
);

CREATE TABLE jobs (
    id                  uuid        PRIMARY KEY,
    type                text        NOT NULL CHECK (type ~ '^[a-z][a-z0-9_.-]{0,62}$'),
    queue               text        NOT NULL CHECK (queue ~ '^[a-z][a-z0-9_.-]{0,62}$'),
    status              job_status  NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing')),
    priority            smallint    NOT NULL CHECK (priority BETWEEN 0 AND 9),
    attempt             integer     NOT NULL DEFAULT 0,
    max_attempts        integer     NOT NULL CHECK (max_attempts BETWEEN 1 AND 100),
    -- The fencing token: one more at every claim, never reset. Who holds another one holds nothing.
    lease               bigint      NOT NULL DEFAULT 0,
    lease_until         timestamptz,
    worker              text,
    show_id             uuid,
    episode_id          uuid,
    group_key           text,
    unique_key          text,
    created_by          uuid,
    created_by_name     text        NOT NULL,
    created_at          timestamptz NOT NULL,
    run_at              timestamptz NOT NULL,
    started_at          timestamptz,
    cancel_requested_at timestamptz,
    progress            smallint    CHECK (progress BETWEEN 0 AND 100),
    message             text,
    args                jsonb       NOT NULL DEFAULT '{}',
    error               jsonb,
    retries             integer     NOT NULL DEFAULT 0,  -- asked for by people
    sent_at             timestamptz                      -- when a message was last sent for it (JOB_QUEUE=sqs)
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_vacuum_insert_scale_factor = 0.5);

CREATE INDEX jobs_ready ON jobs (queue, priority, run_at, id) WHERE status = 'pending';
CREATE INDEX jobs_running ON jobs (queue, lease_until) WHERE status = 'processing';
CREATE UNIQUE INDEX jobs_unique ON jobs (unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX jobs_episode ON jobs (episode_id) WHERE episode_id IS NOT NULL;

CREATE TABLE jobs_finished (
    id              uuid        NOT NULL,
    type            text        NOT NULL,
    queue           text        NOT NULL,
    status          job_status  NOT NULL,
    priority        smallint    NOT NULL,
    attempt         integer     NOT NULL,
    max_attempts    integer     NOT NULL,
    lease           bigint      NOT NULL,
    worker          text,
    show_id         uuid,
    episode_id      uuid,
    group_key       text,
    created_by      uuid,
    created_by_name text        NOT NULL,
    created_at      timestamptz NOT NULL,
    run_at          timestamptz NOT NULL,
    started_at      timestamptz,
    finished_at     timestamptz NOT NULL,
    progress        smallint,
    message         text,
    args            jsonb       NOT NULL,
    error           jsonb,
    result          jsonb,
    retries         integer     NOT NULL
) PARTITION BY RANGE (finished_at);

CREATE INDEX jobs_finished_id ON jobs_finished (id);
CREATE INDEX jobs_finished_episode ON jobs_finished (episode_id) WHERE episode_id IS NOT NULL;

-- The dead letters: retries are exhausted, or the handler said that no retry will help.
CREATE TABLE jobs_dead (LIKE jobs_finished INCLUDING DEFAULTS, PRIMARY KEY (id));
CREATE INDEX jobs_dead_finished ON jobs_dead (finished_at);
CREATE INDEX jobs_dead_episode ON jobs_dead (episode_id) WHERE episode_id IS NOT NULL;

-- Attempts that did not end in success, and what the handlers wrote. Partitioned like the history.
CREATE TABLE job_attempts (
    job_id     uuid        NOT NULL,
    attempt    integer     NOT NULL,
    lease      bigint      NOT NULL,
    worker     text,
    started_at timestamptz,
    ended_at   timestamptz NOT NULL,
    outcome    text        NOT NULL CHECK (outcome IN ('failed', 'timed_out', 'lost', 'cancelled', 'released')),
    error      jsonb,
    retry_at   timestamptz
) PARTITION BY RANGE (ended_at);
CREATE INDEX job_attempts_job ON job_attempts (job_id, lease);

CREATE TABLE job_log (
    job_id     uuid        NOT NULL,
    seq        bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    attempt    integer     NOT NULL,
    created_at timestamptz NOT NULL,
    level      text        NOT NULL CHECK (level IN ('info', 'warning', 'error')),
    text       text        NOT NULL
) PARTITION BY RANGE (created_at);
CREATE INDEX job_log_job ON job_log (job_id, seq);

-- Files that jobs take and make, in pieces: any node can run the job and any node serve the file.
CREATE TABLE job_files (
    id         uuid        PRIMARY KEY,
    job_id     uuid,       -- perhaps of a job that is about to be made
    role       text        NOT NULL CHECK (role IN ('input', 'output')),
    name       text        NOT NULL,
    media_type text        NOT NULL,
    bytes      bigint      NOT NULL DEFAULT 0,
    complete   boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX job_files_job ON job_files (job_id);
CREATE INDEX job_files_created ON job_files (created_at);

CREATE TABLE job_file_pieces (
    file_id  uuid    NOT NULL REFERENCES job_files (id) ON DELETE CASCADE,
    position integer NOT NULL,
    content  bytea   NOT NULL,
    PRIMARY KEY (file_id, position)
);
ALTER TABLE job_file_pieces ALTER COLUMN content SET STORAGE EXTERNAL;

-- Processors and remote workers that are, or were lately, at work.
CREATE TABLE job_workers (
    id               text        PRIMARY KEY,  -- of this run of the process
    name             text        NOT NULL,
    kind             text        NOT NULL CHECK (kind IN ('server', 'processor', 'remote')),
    queues           text[]      NOT NULL,
    concurrency      integer     NOT NULL,
    running          integer     NOT NULL DEFAULT 0,
    poll_interval_ms integer     NOT NULL,
    started_at       timestamptz NOT NULL,
    heartbeat_at     timestamptz NOT NULL
);

CREATE TABLE job_schedules (
    id         uuid        PRIMARY KEY,
    name       text        NOT NULL CONSTRAINT job_schedules_name_key UNIQUE,
    cron       text        NOT NULL,  -- five fields, UTC
    type       text        NOT NULL,
    args       jsonb       NOT NULL DEFAULT '{}',
    priority   smallint    NOT NULL DEFAULT 5,
    paused     boolean     NOT NULL DEFAULT false,
    next_at    timestamptz NOT NULL,
    last_at    timestamptz,
    last_job   uuid,
    show_id    uuid,
    created_by uuid,
    created_at timestamptz NOT NULL,
    version    integer     NOT NULL DEFAULT 1
);
CREATE INDEX job_schedules_due ON job_schedules (next_at) WHERE NOT paused;

-- What is over, counted as it ends: by minute, type and how long it took (upper bounds in ms, by powers
-- of two), so that no page ever counts the jobs.
CREATE TABLE job_tallies (
    at      timestamptz NOT NULL,
    type    text        NOT NULL,
    outcome job_status  NOT NULL,
    run_ms  bigint      NOT NULL,
    wait_ms bigint      NOT NULL,
    jobs    bigint      NOT NULL
);
CREATE INDEX job_tallies_at ON job_tallies (at);

-- Makes the partitions of the weeks around `moment`, and drops what is older than `keep`.
CREATE FUNCTION job_partitions(moment timestamptz, keep interval) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    parent    text;
    week      timestamptz;
    partition text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['jobs_finished', 'job_attempts', 'job_log'] LOOP
        FOR step IN -1..4 LOOP
            week := date_trunc('week', moment, 'UTC') + step * interval '7 days';
            partition := parent || to_char(week AT TIME ZONE 'UTC', '_YYYYMMDD');
            IF to_regclass(partition) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                               partition, parent, week, week + interval '7 days');
            END IF;
        END LOOP;
        FOR partition IN
            SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = parent::regclass
        LOOP
            IF to_date(right(partition, 8), 'YYYYMMDD') + 7 < (moment - keep)::date THEN
                EXECUTE format('DROP TABLE %I', partition);
            END IF;
        END LOOP;
    END LOOP;
END $$;
SELECT job_partitions(now(), interval '100 years');
