#!/usr/bin/env bash
# Builds the three images and tries them: infra/containers/try.sh [BASE_IMAGE]
#
#  1. the demo in one container (cli image, embedded servers);
#  2. two crawlers and two workers in containers of their own (infra/compose/machine.yaml) with a Postgres in a
#     container and a real Apache Kafka on the host, over the same newsroom; one crawler and one worker are killed
#     with SIGKILL in mid-run; what the tables hold at the end must be the newsroom's truth.
#
# Everything talks over loopback (the host's network). Needs a Docker engine that answers `docker info`, Docker
# Compose, a venv in .venv (`make .venv/bin/.installed`), Java and Maven (see infra/kafka). Where the base image is
# neither here nor can be pulled, root on Debian makes one by debootstrap; where the Python of the venv is the base's,
# the packages come from a folder of wheels, else pip in the build needs the network.
# Where there is no engine or no base, one line says so and the status is 0. TRY_KEEP=1 keeps the containers.
set -euo pipefail
tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$tree"
python=.venv/bin/python

skip() { echo "try: SKIPPED, containers were not tried: $1"; exit 0; }
say() { echo "try: $*"; }

command -v docker >/dev/null || skip "no docker command"
docker info >/dev/null 2>&1 || skip "no Docker engine answers (docker info)"
docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null || skip "no Docker Compose"
[ -x "$python" ] || skip "no .venv here: run make check or make test first"

# ------------------------------------------------------------------ base
base=${1:-python:3.12-slim-bookworm}
if ! docker image inspect "$base" >/dev/null 2>&1 && ! docker pull -q "$base" >/dev/null 2>&1; then
  base=wiretrace-base:bookworm
  if ! docker image inspect "$base" >/dev/null 2>&1; then
    if ! command -v debootstrap >/dev/null || [ "$(id -u)" != 0 ]; then
      skip "the base image can be neither pulled nor made (debootstrap, as root)"
    fi
    say "making the base image $base by debootstrap"
    root=$(mktemp -d)
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv bookworm "$root" >"$root.log" \
      || skip "debootstrap failed, see $root.log"
    tar -C "$root" -c . | docker import - "$base" >/dev/null
    rm -rf "$root" "$root.log"
  fi
fi

minor() { "$@" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }
mkdir -p build
args=(--build-arg "BASE=$base")
if [ "$(minor docker run --rm --network none --entrypoint python3 "$base")" = "$(minor "$python")" ]; then
  say "collecting wheels"
  mkdir -p build/wheelhouse
  "$python" infra/containers/requirements.py pyproject.toml all >build/requirements.txt
  "$python" -m pip wheel -q -w build/wheelhouse -r build/requirements.txt 'hatchling>=1.27'
  args+=(--build-arg PIP_NO_INDEX=1)
fi

# ------------------------------------------------------------------ images
for target in crawler worker cli; do
  started=$SECONDS
  docker build -q -f infra/containers/Dockerfile --target "$target" "${args[@]}" -t "wiretrace-$target" . >/dev/null 2>build/docker.log \
    || { cat build/docker.log; exit 1; }
  say "image wiretrace-$target: $(docker image inspect -f '{{.Size}}' "wiretrace-$target" | numfmt --to=si)B," \
    "user $(docker run --rm --network none --entrypoint id "wiretrace-$target" -un), built in $((SECONDS - started)) s"
done

# ------------------------------------------------------------------ 1. the demo in one container
started=$SECONDS
docker run --rm --init --network host wiretrace-cli demo
say "the demo ended with 0 in its container after $((SECONDS - started)) s"

# ------------------------------------------------------------------ 2. crawlers and workers
if [ -z "${WIRETRACE_TEST_KAFKA:-}" ]; then
  exec infra/kafka/with-kafka.sh "$tree/infra/containers/try-line.sh"
fi
exec "$tree/infra/containers/try-line.sh"
