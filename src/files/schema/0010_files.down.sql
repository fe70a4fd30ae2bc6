DROP FUNCTION blob_in_use(uuid);
DROP TABLE file_downloads;
DROP TABLE uploads;
DROP TABLE files;
DROP TABLE blobs;
DROP TYPE file_state;
DROP TYPE file_kind;
