#!/bin/sh
# A job worker in shell, with curl.
#
#   SHOWRUNNER_URL=http://127.0.0.1:3002 SHOWRUNNER_TOKEN=sr_… ./worker.sh checksum
#
# It takes jobs of one queue, one at a time; each is done by the function `work` below.
set -eu
queue=$1
api="${SHOWRUNNER_URL%/}/api/v1/worker"
jobs=${JOBS:-0} # how many to do before ending; 0: no end

call() { # path, body
  curl --silent --show-error --fail-with-body --max-time 60 --request POST "$api$1" \
    --header "Authorization: Bearer $SHOWRUNNER_TOKEN" --header 'Content-Type: application/json' \
    --data "$2"
}

# The first member of this name, for ids and numbers. (Where there is jq, it is the better tool.)
member() { grep -o "\"$1\":\"\{0,1\}[^\",}]*" | head -n 1 | sed 's/.*:"\{0,1\}//'; }

# Standard input: the job as JSON. Its last line of output is the result, a JSON object.
work() { printf '{"sha256":"%s"}\n' "$(sha256sum | cut -d' ' -f1)"; }

done=0
while [ "$jobs" = 0 ] || [ "$done" -lt "$jobs" ]; do
  job=$(call /lease "{\"worker\":\"shell\",\"queues\":[\"$queue\"],\"wait_s\":20}")
  id=$(printf %s "$job" | member id)
  [ -n "$id" ] || continue
  lease=$(printf %s "$job" | member lease)

  # The heart beats beside the work; when the job is cancelled or lost, the work is stopped.
  output=$(mktemp)
  (printf %s "$job" | work) >"$output" 2>&1 &
  worker=$!
  (while sleep "${HEARTBEAT:-5}"; do
    answer=$(call "/jobs/$id/heartbeat" "{\"lease\":$lease}") || answer='"cancel":true'
    case $answer in *'"cancel":true'*) kill "$worker" ;; esac
  done) &
  heart=$!

  if wait "$worker"; then
    call "/jobs/$id/complete" "{\"lease\":$lease,\"result\":$(tail -n 1 "$output")}" >/dev/null || true
  else
    call "/jobs/$id/fail" "{\"lease\":$lease,\"code\":\"FAILED\",\"message\":\"status $?\"}" >/dev/null || true
  fi
  kill "$heart" 2>/dev/null || true
  rm -f "$output"
  done=$((done + 1))
done
