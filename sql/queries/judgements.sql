-- name: write_judgement
-- Keep what a person said of an image as an answer to a query, in place of what was said before; nothing for an image
-- that there is not.
INSERT INTO judgement (query, image_id, relevant)
SELECT %(query)s, id, %(relevant)s FROM image WHERE id = %(image_id)s
ON CONFLICT (query, image_id) DO UPDATE SET relevant = EXCLUDED.relevant, created_at = now();

-- name: undo_judgement
-- Take a judgement back.
DELETE FROM judgement WHERE query = %(query)s AND image_id = %(image_id)s;

-- name: find_judgements
-- Return what people said of images, of one query or (NULL) of all, in the order of their queries.
SELECT j.query, j.image_id, i.sha256, j.relevant,
       (SELECT l.relative_path FROM location l WHERE l.image_id = i.id ORDER BY l.found_at DESC, l.id LIMIT 1) AS location
FROM judgement j
JOIN image i ON i.id = j.image_id
WHERE j.query = %(query)s::text OR %(query)s::text IS NULL
ORDER BY j.query, j.image_id;
