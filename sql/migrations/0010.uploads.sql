-- An upload lies in a folder that is named by its content, which is nobody's business: its relative path is below another
-- root than the folders it lies in, and then it alone says in which folders the image is.

DROP INDEX location_folders;
ALTER TABLE location DROP COLUMN folders;
ALTER TABLE location ADD COLUMN folders text[] NOT NULL GENERATED ALWAYS AS (
    string_to_array(lower(regexp_replace(
        CASE WHEN right(location, length(relative_path) + 1) = '/' || relative_path
             THEN regexp_replace(left(location, -length(relative_path) - 1), '^.*/', '') || '/' || relative_path
             ELSE relative_path END, '/[^/]*$', '')), '/')
) STORED;
CREATE INDEX location_folders ON location USING gin (folders);
