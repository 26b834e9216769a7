-- name: find_lineage
-- Return the edits between an image and what it was made of, and what was made of it, the nearest so many of each: one
-- row for each image that went in and each that came out. A recursion is read only as far as its LIMIT asks.
WITH RECURSIVE up AS (
    SELECT %(image_id)s::bigint AS image_id
    UNION
    SELECT s.image_id FROM up u JOIN edit_output o ON o.image_id = u.image_id JOIN edit_source s ON s.edit_id = o.edit_id
), down AS (
    SELECT %(image_id)s::bigint AS image_id
    UNION
    SELECT o.image_id FROM down d JOIN edit_source s ON s.image_id = d.image_id JOIN edit_output o ON o.edit_id = s.edit_id
), ancestor AS MATERIALIZED (
    SELECT image_id FROM up LIMIT %(most)s::bigint + 1
), descendant AS MATERIALIZED (
    SELECT image_id FROM down LIMIT %(most)s::bigint + 1
), reached AS (
    SELECT o.edit_id, o.image_id AS child_id, s.image_id AS parent_id, s.position, s.role, s.file
    FROM ancestor c
    JOIN edit_output o ON o.image_id = c.image_id
    JOIN edit_source s ON s.edit_id = o.edit_id
    JOIN ancestor p ON p.image_id = s.image_id
    UNION
    SELECT o.edit_id, o.image_id, s.image_id, s.position, s.role, s.file
    FROM descendant c
    JOIN edit_output o ON o.image_id = c.image_id
    JOIN edit_source s ON s.edit_id = o.edit_id
    JOIN descendant p ON p.image_id = s.image_id
)
SELECT r.child_id, r.parent_id, r.position, r.role, r.file, e.id AS edit_id, e.instruction, e.api_format, e.model, e.turn,
       e.take, e.parameters, e.finished_at,
       EXISTS (SELECT FROM up OFFSET %(most)s::bigint + 1) OR EXISTS (SELECT FROM down OFFSET %(most)s::bigint + 1) AS has_more
FROM reached r
JOIN edit e ON e.id = r.edit_id
ORDER BY r.edit_id, r.child_id, r.position;

-- name: find_relatives
-- Return what the images of a lineage are, whether they are at a location still, and what their captions say.
SELECT i.id AS image_id, i.sha256, i.origin, i.format, i.width, i.height, i.size_bytes,
       (SELECT l.relative_path FROM location l WHERE l.image_id = i.id ORDER BY l.found_at DESC, l.id LIMIT 1) AS location,
       ARRAY(SELECT l.location FROM location l WHERE l.image_id = i.id ORDER BY l.found_at DESC, l.id) AS locations,
       coalesce(k.sentences[1], c.sentences[1], '') AS caption
FROM image i
LEFT JOIN correction k ON k.image_id = i.id AND k.kind = 'retrieval'
LEFT JOIN LATERAL (
    SELECT c.sentences FROM caption c
    WHERE c.image_id = i.id AND c.kind = 'retrieval' AND c.quarantine IS NULL
    ORDER BY live_worth(c) DESC NULLS LAST
    LIMIT 1
) c ON true
WHERE i.id = ANY(%(image_ids)s::bigint[])
ORDER BY i.id;
