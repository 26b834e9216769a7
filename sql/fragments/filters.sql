-- name: folder
EXISTS (SELECT FROM location l JOIN unnest({values}::text[]) AS wanted (folder)
            ON l.folders @> string_to_array(wanted.folder, '/')
           AND strpos('/' || array_to_string(l.folders, '/') || '/', '/' || wanted.folder || '/') > 0
        WHERE l.image_id = i.id)

-- name: origin
i.origin = ANY({values}::text[])

-- name: format
i.format = ANY({values}::text[])

-- name: orientation
CASE WHEN i.width > i.height THEN 'landscape' WHEN i.width < i.height THEN 'portrait' ELSE 'square' END
    = ANY({values}::text[])

-- name: tags
e.tags && {values}::text[]

-- name: has_text
e.has_text = {value}::boolean

-- name: moderation
-- The caption that serves says so, of a list any of its parts; what has none says nothing.
coalesce((SELECT CASE jsonb_typeof(c.fields -> {field}::text)
                 WHEN 'array' THEN EXISTS (SELECT FROM jsonb_array_elements(c.fields -> {field}::text) AS part
                                           WHERE {values}::jsonb @> part)
                 ELSE {values}::jsonb @> (c.fields -> {field}::text) END
          FROM caption c
          WHERE c.image_id = i.id AND c.kind = 'moderation' AND c.quarantine IS NULL
          ORDER BY c.rank DESC, c.id DESC LIMIT 1), false)

-- name: parent
EXISTS (SELECT FROM edit_output d
        JOIN edit_source s ON s.edit_id = d.edit_id AND s.role <> 'mask'
        JOIN image p ON p.id = s.image_id
        WHERE d.image_id = i.id
          AND (p.id::text = ANY({values}::text[]) OR encode(p.sha256, 'hex') = ANY({values}::text[])))

-- name: taken
i.taken_at {operator} {value}::timestamp

-- name: added
i.added_at {operator} ({value}::timestamp AT TIME ZONE 'UTC')

-- name: width
i.width {operator} {value}::integer

-- name: height
i.height {operator} {value}::integer

-- name: words
-- Next to each other and in this order; a phrase of stop words alone asks for nothing.
e.lexemes @@ (SELECT CASE WHEN numnode(p) = 0 THEN '!a' ELSE p END FROM phraseto_tsquery('english', {value}::text) p)

-- name: words_walking
-- The same, but so that the vector index is walked all the same: most of its entries may have common words.
((SELECT numnode(phraseto_tsquery('english', {value}::text))) = 0
 OR e.lexemes @@ (SELECT phraseto_tsquery('english', {value}::text)))

-- name: without
NOT e.lexemes @@ (SELECT phraseto_tsquery('english', {value}::text))

-- name: image
i.id = ANY({values}::bigint[])
