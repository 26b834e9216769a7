-- name: register_image
-- Add an image and the location it was found at, or move the location to it; say which of the kinds wanted need not be
-- asked for.
WITH moved AS (
    UPDATE image SET changes = changes + 1
    WHERE id = (SELECT image_id FROM location WHERE location = %(location)s) AND sha256 <> %(sha256)s
), registered AS (
    INSERT INTO image (sha256, origin, format, width, height, size_bytes, taken_at, camera, latitude, longitude,
                       title, description, keywords, perceptual_hash)
    VALUES (%(sha256)s, %(origin)s, %(format)s, %(width)s, %(height)s, %(size_bytes)s, %(taken_at)s, %(camera)s,
            %(latitude)s, %(longitude)s, %(title)s, %(description)s, %(keywords)s, %(perceptual_hash)s)
    ON CONFLICT (sha256) DO UPDATE
        SET changes = image.changes + (NOT EXISTS (
            SELECT FROM location l WHERE l.location = %(location)s AND l.image_id = image.id))::integer,
            perceptual_hash = coalesce(EXCLUDED.perceptual_hash, image.perceptual_hash)
    RETURNING id
), located AS (
    INSERT INTO location (image_id, location, relative_path, size_bytes, modified_ns)
    SELECT id, %(location)s, %(relative_path)s, %(size_bytes)s, %(modified_ns)s FROM registered
    ON CONFLICT (location) DO UPDATE
        SET image_id = EXCLUDED.image_id, size_bytes = EXCLUDED.size_bytes, modified_ns = EXCLUDED.modified_ns,
            found_at = now()
), cleared AS (
    DELETE FROM failure f
    WHERE f.location = %(location)s AND (f.stage = 'read' OR f.image_id IS DISTINCT FROM (SELECT id FROM registered))
)
SELECT r.id AS image_id,
       image_serves(r.id, %(kinds)s) AS serves,
       ARRAY(SELECT l.location FROM location l WHERE l.image_id = r.id AND l.location <> %(location)s) AS elsewhere,
       captioned_kinds(r.id, %(kinds)s, %(prompt_ids)s, %(rank)s, %(captioner)s, %(model)s, %(retry)s) AS captioned
FROM registered r;

-- name: find_known
-- Return what is known of these locations: their image, the file's size and time then, and which of the kinds wanted
-- need not be asked for.
SELECT l.location, l.image_id, i.sha256, l.size_bytes, l.modified_ns,
       image_serves(l.image_id, %(kinds)s) AS serves,
       captioned_kinds(l.image_id, %(kinds)s, %(prompt_ids)s, %(rank)s, %(captioner)s, %(model)s, %(retry)s) AS captioned
FROM location l
JOIN image i ON i.id = l.image_id
WHERE l.location = ANY(%(locations)s);

-- name: get_image
-- Return one image with the locations it can be read from, the one found last first; a mask lies where its edits say.
WITH place AS (
    SELECT location, modified_ns, relative_path, found_at, id FROM location WHERE image_id = %(image_id)s
    UNION ALL
    SELECT DISTINCT file, 0, regexp_replace(file, '^.*/', ''), '-infinity'::timestamptz, 0
    FROM edit_source WHERE image_id = %(image_id)s AND file IS NOT NULL
)
SELECT i.id AS image_id, i.sha256, i.origin, i.format, i.width, i.height, i.size_bytes, i.taken_at, i.camera,
       i.latitude, i.longitude, i.title, i.description, i.keywords, i.added_at,
       ARRAY(SELECT location FROM place ORDER BY found_at DESC, id, location) AS locations,
       ARRAY(SELECT modified_ns FROM place ORDER BY found_at DESC, id, location) AS modified_ns,
       ARRAY(SELECT relative_path FROM place ORDER BY found_at DESC, id, location) AS relative_paths
FROM image i
WHERE i.id = %(image_id)s;

-- name: find_image_id
-- Return the id of the image with this SHA-256.
SELECT id FROM image WHERE sha256 = %(sha256)s;

-- name: find_images_named
-- Return the images that these names may mean: relative paths, or file names.
SELECT DISTINCT n.name, l.image_id
FROM location l
CROSS JOIN LATERAL (VALUES (l.relative_path), (regexp_replace(l.relative_path, '^.*/', ''))) AS n (name)
WHERE n.name = ANY(%(names)s);

-- name: drop_locations
-- Forget locations where the image that was there is no more.
DELETE FROM location WHERE location = ANY(%(locations)s);

-- name: find_by_content
-- Return what is known of the images with these SHA-256s: where they are, and which of the kinds wanted need not be
-- asked for.
SELECT i.id AS image_id, i.sha256, image_serves(i.id, %(kinds)s) AS serves,
       ARRAY(SELECT l.location FROM location l WHERE l.image_id = i.id) AS elsewhere,
       captioned_kinds(i.id, %(kinds)s, %(prompt_ids)s, %(rank)s, %(captioner)s, %(model)s, %(retry)s) AS captioned
FROM image i
WHERE i.sha256 = ANY(%(sha256s)s);

-- name: find_image_at
-- Return the id of the image that was found at this location.
SELECT image_id FROM location WHERE location = %(location)s;

-- name: find_looks
-- Return what images look like, and the oldest image that each was edited from (itself where it is no edit).
WITH RECURSIVE origin AS (
    SELECT id AS image_id, id AS ancestor FROM unnest(%(image_ids)s::bigint[]) AS id
    UNION
    SELECT o.image_id, s.image_id
    FROM origin o
    JOIN edit_output d ON d.image_id = o.ancestor
    JOIN edit_source s ON s.edit_id = d.edit_id AND s.role = 'input'
)
SELECT o.image_id, min(i.perceptual_hash) AS perceptual_hash, min(o.ancestor) AS family
FROM origin o
JOIN image i ON i.id = o.image_id
GROUP BY o.image_id;
