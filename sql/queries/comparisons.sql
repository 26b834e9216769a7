-- name: count_lost
-- Count the images that have a location and an entry in one generation, and none in the other.
SELECT count(*) AS lost
FROM entry b
WHERE b.generation_id = %(before)s
  AND EXISTS (SELECT FROM location l WHERE l.image_id = b.image_id)
  AND NOT EXISTS (SELECT FROM entry a WHERE a.generation_id = %(after)s AND a.image_id = b.image_id);
