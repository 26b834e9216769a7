#!/usr/bin/env bash
# A session with curl against a running service:
#
#   BASE=http://127.0.0.1:8000 KEY=cs_… examples/session.sh PICTURE.jpg "red mug on a desk"
#
# KEY is needed only where the service asks for one; uploads and corrections need the scope `write`
# (`indexer keys create --scope write`). The upload is indexed, and captioned by the service's usual captioner, which may
# cost money; the try-out uses the free one, `offline`. It takes curl 7.82 or newer.
set -euo pipefail

base=${BASE:-http://127.0.0.1:8000}
picture=${1:?a picture to upload is needed}
query=${2:-red mug on a desk}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ask() {
    # A problem's detail says what is wrong, where one comes.
    curl --silent --show-error --fail-with-body ${KEY:+--header "Authorization: Bearer $KEY"} "$@"
}

id_in() {
    sed -n 's/.*"image_id":\([0-9]*\).*/\1/p' "$1"
}

step() {
    printf '\n## %s\n' "$1"
}

step "Search"
ask --get "$base/search" --data-urlencode "q=$query" --data limit=3
step "The images of the index, the newest first, by filters alone"
ask --get "$base/search" --data origin=original --data limit=1 | tee "$work/newest.json"
image=$(id_in "$work/newest.json")
[ -n "$image" ] || { printf '\nNothing is indexed yet: begin with indexer ingest FOLDER.\n' >&2; exit 1; }

step "Search with nested filters, as programs do"
ask "$base/search" --json "{\"q\": \"$query\", \"filters\": {\"origin\": {\"in\": [\"original\"]}}, \"strictness\": \"low\", \"limit\": 3}"

step "What is known of image $image"
ask "$base/images/$image"

step "Its thumbnail"
ask --output "$work/thumbnail.webp" --write-out '%{content_type}, %{size_download} bytes' "$base/images/$image/thumbnail?size=320"

step "Images like it"
ask "$base/images/$image/similar?limit=3"

step "Why it is, or is not, found"
ask --get "$base/images/$image/why" --data-urlencode "q=$query"

step "Is this picture known already? Recognised only: nothing is captioned, nothing is paid"
ask "$base/search/image?caption=false&limit=3" --form "file=@$picture"

step "What a captioner would say of it; nothing is indexed"
ask "$base/captions?captioner=offline&kind=retrieval" --form "file=@$picture"

step "Upload and index it"
ask "$base/images" --form "file=@$picture" | tee "$work/uploaded.json"
uploaded=$(id_in "$work/uploaded.json")

if grep -q '"captioner":"correction"' "$work/uploaded.json"; then
    step "Its caption was corrected by a person: that is left as it is"
else
    step "Correct its caption, find it by the new words, take the correction back"
    ask --request PUT "$base/images/$uploaded/captions/retrieval" --json '{"sentences": ["An example that was uploaded with curl."]}'
    ask --get "$base/search" --data-urlencode "q=an example uploaded with curl" --data limit=1
    ask --request DELETE "$base/images/$uploaded/captions/retrieval"
fi

step "The index"
ask "$base/stats"
printf '\n'
