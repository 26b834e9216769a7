-- name: count_folders
-- Count a generation's images in and below each ingested folder, and each folder right in it; an image that lies in one
-- twice counts once. Folders that are named by what lies in them (of edits, of uploads) are nobody's choice,
-- and one that holds everything is none.
WITH path AS (
    SELECT DISTINCT l.image_id, f.depth, array_to_string(l.folders[:f.depth], '/') AS folder
    FROM location l
    CROSS JOIN generate_series(1, 2) AS f (depth)
    WHERE cardinality(l.folders) >= f.depth AND l.folders[f.depth] !~ '^[0-9a-f]{{12}}$'
)
SELECT p.folder, count(*) AS images
FROM path p
JOIN entry e ON e.generation_id = {generation} AND e.image_id = p.image_id
GROUP BY 1
HAVING count(*) < (SELECT count(*) FROM entry WHERE generation_id = {generation})
ORDER BY 2 DESC, 1
LIMIT %(limit)s;

-- name: count_years
-- Count a generation's images by the year they were taken in, the latest first.
SELECT extract(year FROM i.taken_at)::integer AS year, count(*) AS images
FROM entry e
JOIN image i ON i.id = e.image_id
WHERE e.generation_id = {generation} AND i.taken_at IS NOT NULL
GROUP BY 1
ORDER BY 1 DESC;

-- name: count_origins
-- Count a generation's images by how they came to be.
SELECT i.origin, count(*) AS images
FROM entry e
JOIN image i ON i.id = e.image_id
WHERE e.generation_id = {generation}
GROUP BY 1
ORDER BY 2 DESC, 1;

-- name: count_tags
-- Count a generation's images by their most frequent keywords.
SELECT t.tag, count(*) AS images
FROM entry e
CROSS JOIN unnest(e.tags) AS t (tag)
WHERE e.generation_id = {generation}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT %(limit)s;

-- name: count_flags
-- Count a generation's images with something written in them, and those whose moderation caption that serves sees people;
-- null where no image has such a caption.
SELECT (SELECT count(*) FROM entry WHERE generation_id = {generation} AND has_text) AS has_text,
       (SELECT sum((m.fields -> 'contains_people' = 'true')::integer)
        FROM (SELECT DISTINCT ON (c.image_id) c.image_id, c.fields
              FROM caption c
              WHERE c.kind = 'moderation' AND c.quarantine IS NULL
              ORDER BY c.image_id, c.rank DESC, c.id DESC) m
        JOIN entry e ON e.generation_id = {generation} AND e.image_id = m.image_id
        WHERE jsonb_typeof(m.fields -> 'contains_people') = 'boolean') AS contains_people;
