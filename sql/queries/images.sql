-- name: register_image
-- Add an image and the location it was found at, or move the location to it; say which of the kinds wanted need not be
-- asked for.
WITH moved AS (
    UPDATE image SET changes = changes + 1
    WHERE id = (SELECT image_id FROM location WHERE uri = %(uri)s) AND sha256 <> %(sha256)s
), registered AS (
    INSERT INTO image (sha256, origin, format, width, height, size_bytes, taken_at, camera, latitude, longitude,
                       title, description, keywords)
    VALUES (%(sha256)s, %(origin)s, %(format)s, %(width)s, %(height)s, %(size_bytes)s, %(taken_at)s, %(camera)s,
            %(latitude)s, %(longitude)s, %(title)s, %(description)s, %(keywords)s)
    ON CONFLICT (sha256) DO UPDATE
        SET changes = image.changes + (NOT EXISTS (
            SELECT FROM location l WHERE l.uri = %(uri)s AND l.image_id = image.id))::integer
    RETURNING id
), located AS (
    INSERT INTO location (image_id, uri, relative_path, size_bytes, modified_ns)
    SELECT id, %(uri)s, %(relative_path)s, %(size_bytes)s, %(modified_ns)s FROM registered
    ON CONFLICT (uri) DO UPDATE
        SET image_id = EXCLUDED.image_id, size_bytes = EXCLUDED.size_bytes, modified_ns = EXCLUDED.modified_ns
), cleared AS (
    DELETE FROM failure WHERE uri = %(uri)s AND stage = 'read'
)
SELECT r.id AS image_id,
       ARRAY(SELECT w.kind FROM unnest(%(kinds)s::text[], %(prompt_ids)s::bigint[]) AS w (kind, prompt_id)
             WHERE EXISTS (SELECT FROM caption c
                           WHERE c.image_id = r.id AND c.kind = w.kind AND c.rank >= %(rank)s
                             AND (w.kind = 'retrieval' OR w.prompt_id IS NULL OR c.prompt_id = w.prompt_id)
                             AND (c.quarantine IS NULL OR NOT %(retry)s))) AS captioned
FROM registered r;

-- name: find_known
-- Return what is known of these locations: their image, the file's size and time then, and which of the kinds wanted
-- need not be asked for: a retrieval caption of any revision will do, other kinds want their own.
SELECT l.uri, l.image_id, i.sha256, l.size_bytes, l.modified_ns,
       ARRAY(SELECT w.kind FROM unnest(%(kinds)s::text[], %(prompt_ids)s::bigint[]) AS w (kind, prompt_id)
             WHERE EXISTS (SELECT FROM caption c
                           WHERE c.image_id = l.image_id AND c.kind = w.kind AND c.rank >= %(rank)s
                             AND (w.kind = 'retrieval' OR w.prompt_id IS NULL OR c.prompt_id = w.prompt_id)
                             AND (c.quarantine IS NULL OR NOT %(retry)s))) AS captioned
FROM location l
JOIN image i ON i.id = l.image_id
WHERE l.uri = ANY(%(uris)s);

-- name: get_image
-- Return one image with the location it is read from.
SELECT i.id AS image_id, i.sha256, i.origin, i.format, i.width, i.height, i.size_bytes, i.taken_at, i.camera,
       i.latitude, i.longitude, i.title, i.description, i.keywords, i.added_at,
       ARRAY(SELECT l.uri FROM location l WHERE l.image_id = i.id ORDER BY l.id) AS uris,
       ARRAY(SELECT l.relative_path FROM location l WHERE l.image_id = i.id ORDER BY l.id) AS relative_paths
FROM image i
WHERE i.id = %(image_id)s;

-- name: find_image_id
-- Return the id of the image with this SHA-256.
SELECT id FROM image WHERE sha256 = %(sha256)s;
