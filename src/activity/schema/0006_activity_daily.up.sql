-- How much happened, by day (UTC), show, person and type of event; kept by the activity consumer.
CREATE TABLE activity_daily (
    day      date   NOT NULL,
    show_id  uuid   NOT NULL,
    actor_id uuid   NOT NULL,
    type     text   NOT NULL,
    events   bigint NOT NULL,
    PRIMARY KEY (day, show_id, actor_id, type)
);
