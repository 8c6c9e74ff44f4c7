#!/usr/bin/env bash
# Runs every test marked `kafka` against Apache Kafka itself: infra/kafka/test-kafka.sh [PYTHON [PYTEST_ARG...]]
#
# Exit status: pytest's. Where there can be no Java or Maven, one line says so and the status is 0, except under CI=true
# (there a run that tests nothing must not look like a pass): 75.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${1:-python3}
shift || true

status=0
"$here/with-kafka.sh" "$python" -m pytest -m kafka "$@" || status=$?
if [ "$status" = 75 ] && [ "${CI:-}" != true ]; then exit 0; fi
exit "$status"
