DROP TABLE realtime_subscriptions;
