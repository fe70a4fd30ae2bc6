DROP FUNCTION job_partitions(timestamptz, interval);
DROP TABLE job_tallies, job_schedules, job_workers, job_file_pieces, job_files, job_log, job_attempts, jobs_dead,
    jobs_finished, jobs, job_queues;
DROP TYPE job_status;
