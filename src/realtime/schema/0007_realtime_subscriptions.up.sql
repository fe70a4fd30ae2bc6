-- Record rooms that a recoverable connection has joined beyond those its user is always in; what
-- connection state recovery needs after a restart or on another node.
CREATE TABLE realtime_subscriptions (
    session_id text        NOT NULL,
    room       text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (session_id, room)
);

CREATE INDEX realtime_subscriptions_created ON realtime_subscriptions (created_at);
