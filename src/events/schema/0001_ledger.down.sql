DROP TABLE consumer_failures;
DROP TABLE consumers;
DROP VIEW audit_logs;
DROP VIEW activity_logs;
DROP TABLE events;
DROP FUNCTION events_refuse_change();
