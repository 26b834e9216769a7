-- name: start_run
-- Record that a command began.
INSERT INTO run (command, arguments) VALUES (%(command)s, %(arguments)s) RETURNING id;

-- name: hold_run
-- Take the run's advisory lock; it is held until this connection ends.
SELECT pg_advisory_lock(7203, %(run_id)s);

-- name: release_run
-- Give the run's advisory lock back, before the connection ends by itself.
SELECT pg_advisory_unlock(7203, %(run_id)s);

-- name: finish_run
-- Record how a command ended.
UPDATE run SET finished_at = now(), summary = %(summary)s WHERE id = %(run_id)s;
