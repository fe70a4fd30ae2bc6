DROP TABLE activity_daily;
