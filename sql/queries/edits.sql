-- name: register_edit
-- Return the edit of a key, added where it is new, and what came of it so far.
SELECT e.id AS edit_id, e.key, e.turn, e.instruction, e.state, e.reason, e.retryable, e.reply,
       ARRAY(SELECT o.image_id FROM edit_output o WHERE o.edit_id = e.id ORDER BY o.position) AS image_ids
FROM register_edit(%(key)s, %(force)s, %(after_id)s, %(turn)s, %(instruction)s, %(conversation)s, %(api_format)s,
                   %(model)s, %(parameters)s) AS e;

-- name: find_finished
-- Return which of these keys are those of finished edits, and which of edits that were refused.
SELECT key, bool_or(state = 'done') AS done, bool_and(state = 'failed' AND NOT retryable) AS refused
FROM edit
WHERE key = ANY(%(keys)s)
GROUP BY key;

-- name: add_sources
-- Note what an edit that is accepted will be made of, where nothing is noted yet; run once for each.
INSERT INTO edit_source (edit_id, position, image_id, role, file)
VALUES (%(edit_id)s, %(position)s, %(image_id)s, %(role)s, %(file)s)
ON CONFLICT (edit_id, position) DO NOTHING;

-- name: register_mask
-- Add a mask: an image at no location, which is never captioned, found or counted.
INSERT INTO image (sha256, format, width, height, size_bytes)
VALUES (%(sha256)s, %(format)s, %(width)s, %(height)s, %(size_bytes)s)
ON CONFLICT (sha256) DO UPDATE SET sha256 = EXCLUDED.sha256
RETURNING id AS image_id;

-- name: claim_edit
-- Open a request for an edit before it is sent, or return null.
SELECT claim_edit(%(edit_id)s, %(run_id)s, %(retry)s, %(after_id)s, %(sources)s) AS request_id;

-- name: open_again
-- Open a second request of an edit whose first answer was of no use.
INSERT INTO request (run_id, edit_id, prompt_ids, captioner, model)
SELECT %(run_id)s, id, '{}', api_format, model FROM edit WHERE id = %(edit_id)s
RETURNING id AS request_id;

-- name: add_output
-- Note an image that an edit returned, be it noted already; one that was there has new words to be found by.
WITH noted AS (
    INSERT INTO edit_output (edit_id, position, image_id) VALUES (%(edit_id)s, %(position)s, %(image_id)s)
    ON CONFLICT (edit_id, position) DO NOTHING
)
UPDATE image SET changes = changes + 1 WHERE id = %(image_id)s AND changes > 0;

-- name: finish_edit
-- Note that an edit brought its images, and what the endpoint said with them.
UPDATE edit SET state = 'done', reply = %(reply)s, reason = NULL, finished_at = now() WHERE id = %(edit_id)s;

-- name: fail_edit
-- Note that an edit brought no image, and why.
UPDATE edit SET state = 'failed', reason = %(reason)s, retryable = %(retryable)s, finished_at = now()
WHERE id = %(edit_id)s AND state <> 'done';

-- name: note_wait
-- Note why an edit that is at work takes so long.
UPDATE edit SET reason = %(reason)s WHERE id = %(edit_id)s AND state = 'sent';

-- name: release_edit
-- Give an edit back that was not finished: whoever comes next may do it.
UPDATE edit SET state = 'accepted', run_id = NULL, reason = NULL
WHERE id = %(edit_id)s AND run_id = %(run_id)s AND state = 'sent';

-- name: queue_edit
-- Have the service do the request that ends with this edit; turns that failed are tried again.
UPDATE edit
SET is_queued = edit.is_queued OR edit.id = %(edit_id)s,
    state = CASE WHEN edit.state = 'failed' THEN 'accepted' ELSE edit.state END
FROM edit_turns(%(edit_id)s) AS turn
WHERE edit.id = turn.id;

-- name: find_queued
-- Return the last turns of the requests that the service is to do and nobody is at, the oldest first.
SELECT id AS edit_id, api_format, model FROM edit
WHERE is_queued AND (worker_id IS NULL OR NOT run_is_alive(worker_id))
ORDER BY id;

-- name: claim_queued
-- Take requests that nobody is at, and return those that were taken.
UPDATE edit SET worker_id = %(run_id)s
WHERE id = ANY(%(edit_ids)s::bigint[]) AND is_queued AND (worker_id IS NULL OR NOT run_is_alive(worker_id))
RETURNING id AS edit_id;

-- name: unqueue_edit
-- Note that the service is done with a request, well or not.
UPDATE edit SET is_queued = false, worker_id = NULL WHERE id = %(edit_id)s;

-- name: get_registered
-- Return an edit as it stands, as register_edit does; one whose run, another than this, has died is not sent any more.
SELECT e.id AS edit_id, e.key, e.turn, e.instruction, e.reason, e.retryable, e.reply,
       CASE WHEN e.state = 'sent' AND e.run_id <> %(run_id)s AND NOT run_is_alive(e.run_id) THEN 'accepted' ELSE e.state END
           AS state,
       ARRAY(SELECT o.image_id FROM edit_output o WHERE o.edit_id = e.id ORDER BY o.position) AS image_ids
FROM edit e
WHERE e.id = %(edit_id)s;

-- name: find_searchable
-- Return which of these images the live generation has an entry of.
SELECT e.image_id
FROM entry e
JOIN generation g ON g.id = e.generation_id AND g.state = 'live'
WHERE e.image_id = ANY(%(image_ids)s::bigint[]);

-- name: find_turns
-- Return the turns of a request up to this one: what was asked, what came of it, and what its calls cost.
SELECT e.id AS edit_id, e.key, e.take, e.after_id, e.turn, e.instruction, e.conversation, e.api_format, e.model,
       e.parameters, e.is_queued, e.reason, e.retryable, e.created_at, e.finished_at,
       CASE WHEN e.state = 'sent' AND NOT run_is_alive(e.run_id) THEN 'accepted' ELSE e.state END AS state,
       ARRAY(SELECT o.image_id FROM edit_output o WHERE o.edit_id = e.id ORDER BY o.position) AS image_ids,
       paid.requests, paid.input_tokens, paid.output_tokens, paid.cost_usd
FROM edit_turns(%(edit_id)s) AS e
CROSS JOIN LATERAL (
    SELECT coalesce(sum(r.attempts), 0)::bigint AS requests, sum(r.input_tokens)::bigint AS input_tokens,
           sum(r.output_tokens)::bigint AS output_tokens, sum(r.cost_usd)::float8 AS cost_usd
    FROM request r WHERE r.edit_id = e.id AND r.outcome IS NOT NULL
) paid
ORDER BY e.turn;

-- name: find_sources
-- Return what an edit is made of, in its order.
SELECT s.position, s.image_id, s.role, s.file, i.sha256
FROM edit_source s
JOIN image i ON i.id = s.image_id
WHERE s.edit_id = %(edit_id)s
ORDER BY s.position;
