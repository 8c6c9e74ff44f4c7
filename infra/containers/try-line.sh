#!/usr/bin/env bash
# The second part of try.sh, which see: crawlers and workers in containers against the Kafka of WIRETRACE_TEST_KAFKA
# and a Postgres in a container. Needs the three images. Exit status 1 where something does not hold.
set -euo pipefail
tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$tree"
if docker compose version >/dev/null 2>&1; then compose=(docker compose); else compose=(docker-compose); fi
compose+=(-p wiretrace-try -f infra/compose/machine.yaml -f infra/containers/try.yaml)
say() { echo "try: $*"; }

read -r pg_port site_port < <(python3 -c '
import socket
both = [socket.socket() for _ in range(2)]
for one in both:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in both))')

TRIAL=$(mktemp -d)
export TRIAL
chmod 755 "$TRIAL"
export WIRETRACE_DATABASE_URL="postgresql://postgres@127.0.0.1:$pg_port/postgres"
export WIRETRACE_KAFKA_BOOTSTRAP="$WIRETRACE_TEST_KAFKA"
export WIRETRACE_CRAWL_CONTACT=https://wiretrace.test/about

cleanup() {
  if [ -n "${TRY_KEEP:-}" ]; then return; fi
  "${compose[@]}" down -t 20 >/dev/null 2>&1 || true
  docker rm -f wiretrace-try-postgres wiretrace-try-newsroom >/dev/null 2>&1 || true
  rm -rf "$TRIAL"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

cli() { # a command of wiretrace, as a user would run it on this machine
  docker run --rm --network host -e WIRETRACE_DATABASE_URL -e WIRETRACE_KAFKA_BOOTSTRAP \
    -v "$TRIAL:/trial:ro" wiretrace-cli "$@"
}
psql=$(docker run --rm --network none --entrypoint python wiretrace-cli \
  -c 'from infra.postgres_server import postgres_binaries; print(postgres_binaries() / "psql")')
count() { docker exec wiretrace-try-postgres "$psql" "$WIRETRACE_DATABASE_URL" -Atc "select count(*) from $1"; }

docker run --rm --network none --user 0 -v "$TRIAL:/trial" --entrypoint python wiretrace-cli \
  -m infra.containers.trial files /trial "$site_port"
docker run -d --name wiretrace-try-newsroom --init --network host --entrypoint python wiretrace-cli \
  -m infra.newsroom --port "$site_port" >/dev/null
docker run -d --name wiretrace-try-postgres --init --network host --entrypoint sh wiretrace-cli -c "
  bin=\$(python -c 'from infra.postgres_server import postgres_binaries; print(postgres_binaries())')
  \$bin/initdb -D /data/pg -U postgres -A trust -E UTF8 --locale=C.UTF-8 >/dev/null &&
  exec \$bin/postgres -D /data/pg -k /tmp -c listen_addresses=127.0.0.1 -p $pg_port" >/dev/null

for _ in $(seq 60); do
  if docker exec wiretrace-try-postgres python -c "import socket; socket.create_connection(('127.0.0.1', $pg_port))" \
    2>/dev/null; then break; fi
  sleep 0.5
done

started=$SECONDS
timeout 120 "${compose[@]}" up -d --no-build --scale crawler=2 --scale worker=2 >"$TRIAL/up.log" 2>&1 || {
  cat "$TRIAL/up.log"
  "${compose[@]}" logs --tail 20
  exit 1
}
cli sites add /trial/sites.toml | tail -1

# SIGKILL, as a machine without memory would: the engine starts them again.
kill_one() { # kill_one SERVICE
  local id state
  id=$("${compose[@]}" ps -q "$1" | head -1)
  state="$(count 'core.pages where outcome is not null') of $(count core.pages) published pages worked"
  kill -9 "$(docker inspect -f '{{.State.Pid}}' "$id")"
  say "killed a $1 (SIGKILL) with $state"
}
wait_for() { # wait_for SECONDS CONDITION...
  local until=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $until ] || { say "did not come: $*"; "${compose[@]}" logs --tail 40; return 1; }
    sleep 0.2
  done
}
articles=$(python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["articles"]))' "$TRIAL/truth.json")
published_at_least() { [ "$(count core.pages)" -ge "$1" ]; }
all_worked() {
  [ "$(count wiretrace.articles)" -ge "$articles" ] && [ "$(count 'core.pages where outcome is null')" = 0 ]
}

wait_for 120 published_at_least $((articles / 5))
kill_one crawler
wait_for 120 published_at_least $((articles / 3))
kill_one worker
wait_for 240 all_worked
say "every page worked $((SECONDS - started)) s after the start, kills and restarts among it"

mapfile -t ids < <("${compose[@]}" ps -q crawler worker)
say "started again by the engine: $(docker inspect -f '{{.RestartCount}}' "${ids[@]}" | grep -c '^1') of ${#ids[@]} containers"
for id in "${ids[@]}"; do
  docker exec "$id" python -m infra.containers.health || { say "unhealthy: $id"; exit 1; }
done
say "all four containers find their servers in order (health)"

cli sql --json -c "select url, cluster_id from wiretrace.articles" \
  | docker run --rm -i --network none -v "$TRIAL:/trial:ro" --entrypoint python wiretrace-cli \
    -m infra.containers.trial compare /trial

started=$SECONDS
docker stop -t 40 "${ids[@]}" >/dev/null
codes=$(docker inspect -f '{{.State.ExitCode}}' "${ids[@]}" | sort -u | xargs)
say "stopped with SIGTERM in $((SECONDS - started)) s, exit codes: $codes"
case " $codes " in *" 137 "*) say "a container had to be killed"; exit 1 ;; esac
say "all holds"
