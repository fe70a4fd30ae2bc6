DELETE FROM job_queues WHERE name = 'media';

CREATE OR REPLACE FUNCTION blob_in_use(blob uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM files WHERE blob_id = blob)
$$;

DROP TABLE file_derivatives;
DROP TYPE derivative_state;
DROP TYPE derivative_role;
