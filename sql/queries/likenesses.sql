-- name: find_twins
-- Return the images of a generation that show the same picture as a file: the same bytes, or a perceptual hash that
-- differs in few bits; the same file first, then the nearest.
SELECT t.image_id, t.is_same_file, t.bits, {conditions} AS may_show
FROM (SELECT i.id AS image_id, i.sha256 = %(sha256)s AS is_same_file,
             bit_count((i.perceptual_hash # %(perceptual_hash)s::bigint)::bit(64))::integer AS bits
      FROM image i
      WHERE i.sha256 = %(sha256)s
         OR bit_count((i.perceptual_hash # %(perceptual_hash)s::bigint)::bit(64)) <= %(most_alike)s) t
JOIN entry e ON e.generation_id = {generation} AND e.image_id = t.image_id
JOIN image i ON i.id = t.image_id
ORDER BY t.is_same_file DESC, t.bits, t.image_id
LIMIT %(limit)s;

-- name: get_vector
-- Return the mean vector of what is said of an image.
SELECT embedding FROM entry WHERE generation_id = %(generation_id)s AND image_id = %(image_id)s;
