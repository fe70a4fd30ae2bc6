DROP TABLE episodes;
DROP TYPE episode_status;
