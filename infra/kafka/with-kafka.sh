#!/usr/bin/env bash
# Runs a command with a real Apache Kafka (one KRaft node on loopback) and stops the broker again.
#
#   infra/kafka/with-kafka.sh COMMAND [ARG...]
#
# The command finds the broker's address, host:port, in WIRETRACE_TEST_KAFKA and its process id, for tests that freeze
# it, in WIRETRACE_TEST_KAFKA_PID. Exit status: the command's;
# 75 where Java or Maven are missing and cannot be installed (one line says which), 70 where the broker does not
# come up (the end of its log is shown). Needs no root where Java 17 or newer and Maven are there; as root on Debian
# the missing ones are installed. Set KAFKA_LOG to keep the broker's log in a file of that name.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lib="$here/target/lib"

die() { # die STATUS MESSAGE
  echo "with-kafka: $2" >&2
  exit "$1"
}

[ $# -gt 0 ] || die 64 "usage: with-kafka.sh COMMAND [ARG...]"

java_major() { java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p;q'; }

tools_missing() { # the Debian packages of what is missing
  local major=0
  if command -v java >/dev/null; then major=$(java_major); fi
  [ "${major:-0}" -ge 17 ] || echo openjdk-17-jre-headless
  # The jars stay in target/ until pom.xml changes; Maven is needed only to get them.
  [ "$lib/.complete" -nt "$here/pom.xml" ] || command -v mvn >/dev/null || echo maven
}

mapfile -t missing < <(tools_missing)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    die 75 "SKIPPED, no Apache Kafka here: needs ${missing[*]} (Debian's names), which only root on Debian can install"
  fi
  echo "with-kafka: installing ${missing[*]}" >&2
  said=$(
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q 2>&1
    # Later releases have a newer Java only.
    apt-cache show openjdk-17-jre-headless >/dev/null 2>&1 || missing=("${missing[@]/openjdk-17/default}")
    apt-get install -q -y --no-install-recommends "${missing[@]}" 2>&1
  ) || {
    tail -3 <<<"$said" >&2
    die 75 "SKIPPED, no Apache Kafka here: apt-get could not install ${missing[*]}"
  }
fi

if ! [ "$lib/.complete" -nt "$here/pom.xml" ]; then
  echo "with-kafka: getting Apache Kafka's jars by Maven" >&2
  rm -rf "$lib"
  said=$(mvn -B -q -f "$here/pom.xml" package 2>&1) || {
    echo "$said" >&2
    die 70 "Maven could not get the jars that $here/pom.xml names; what it said is above"
  }
  touch "$lib/.complete"
fi

work=$(mktemp -d)
log=${KAFKA_LOG:-$work/kafka.log}
broker=""

stop_broker() {
  if [ -n "$broker" ] && kill -0 "$broker" 2>/dev/null; then
    kill "$broker" 2>/dev/null || true
    # A controlled shutdown takes about a second; nobody needs the data, so it gets ten and no more.
    for _ in $(seq 100); do kill -0 "$broker" 2>/dev/null || break; sleep 0.1; done
    kill -9 "$broker" 2>/dev/null || true
  fi
  [ -z "$broker" ] || wait "$broker" 2>/dev/null || true
  broker=""
}
trap 'stop_broker; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

two_free_ports() {
  python3 -c '
import socket
both = [socket.socket() for _ in range(2)]
for one in both:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in both))'
}

# message.max.bytes stays at Kafka's own default (1 MiB): the pages topic must bring its own larger limit, as it
# must on a broker that somebody else runs. What is set here is what a single node needs, and the join delay, which
# would cost every group of the tests three seconds.
write_config() { # write_config BROKER_PORT CONTROLLER_PORT
  cat >"$work/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$2
listeners=PLAINTEXT://127.0.0.1:$1,CONTROLLER://127.0.0.1:$2
advertised.listeners=PLAINTEXT://127.0.0.1:$1
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$work/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
PROPERTIES
}

# One tier of compilation and the serial collector: the broker lives for a minute or two on a small machine.
java=(java -Xmx768m -XX:+UseSerialGC -XX:TieredStopAtLevel=1
  "-Dlog4j2.configurationFile=$here/log4j2.properties" -cp "$lib/*")

start_broker() { # sets $broker and $port; fails where the broker ends before it is ready, or is not ready in 60 s
  local controller_port cluster
  read -r port controller_port < <(two_free_ports)
  cluster=$(python3 -c 'import base64, uuid; print(base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode())')
  rm -rf "$work/data"
  write_config "$port" "$controller_port"
  "${java[@]}" kafka.tools.StorageTool format -t "$cluster" -c "$work/server.properties" >"$log" 2>&1 || return 1
  # exec: the pid is the JVM's own.
  (exec "${java[@]}" kafka.Kafka "$work/server.properties" >>"$log" 2>&1 </dev/null) &
  broker=$!
  for _ in $(seq 300); do
    if grep -q 'Kafka Server started' "$log"; then return 0; fi
    kill -0 "$broker" 2>/dev/null || return 1
    sleep 0.2
  done
  return 1
}

port=""
# A free port can be taken between the look and the bind; a second try has another one.
start_broker || { stop_broker; start_broker; } || {
  tail -30 "$log" >&2
  die 70 "Apache Kafka did not come up; the end of its log is above"
}
echo "with-kafka: Apache Kafka $(basename "$(ls "$lib"/kafka-server-[0-9]*.jar)" .jar | sed 's/.*-//') (KRaft) on 127.0.0.1:$port, pid $broker" >&2

status=0
WIRETRACE_TEST_KAFKA="127.0.0.1:$port" WIRETRACE_TEST_KAFKA_PID="$broker" "$@" || status=$?
exit "$status"
