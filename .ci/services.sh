#!/usr/bin/env bash
# Throwaway services on free ports of this machine, for tests and benchmarks.
#
#   eval "$(.ci/services.sh start)"              PostgreSQL and Redis; sets DATABASE_URL, BROKER_URL
#   eval "$(.ci/services.sh start rabbitmq)"     only what is named: postgres, redis, rabbitmq
#   .ci/services.sh stop                         ends what `start` started, and nothing else
#
# POSTGRES_FSYNC=on makes PostgreSQL as durable as in production (for benchmarks). Two checkouts, or
# two values of SERVICES_DIR, do not meet.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
state="${SERVICES_DIR:-$root/var/services}"

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

wait_for() {  # wait_for SECONDS WHAT COMMAND…
  local seconds="$1" what="$2"
  shift 2
  for _ in $(seq $((seconds * 5))); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.2
  done
  echo "$what did not come up within $seconds s" >&2
  return 1
}

is_listening() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# PostgreSQL refuses to run as root; another system user then owns its folder.
as_postgres() {
  if [ "$(id -u)" -ne 0 ]; then "$@"; else
    (cd / && setpriv --reuid "$service_user" --regid "$service_group" --clear-groups "$@")
  fi
}

start_postgres() {
  local bin port folder
  bin="$(dirname "$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -1 \
    || command -v initdb)")"
  [ -x "$bin/initdb" ] || { echo "PostgreSQL is not installed (initdb)" >&2; return 1; }
  service_user="$(id -u postgres 2>/dev/null || id -u nobody)"
  service_group="$(id -g postgres 2>/dev/null || id -g nobody)"
  port="$(free_port)"
  # In /tmp: no other user may enter a checkout below /root.
  folder="$(mktemp -d /tmp/relaydesk-postgres-XXXXXX)"
  [ "$(id -u)" -ne 0 ] || chown "$service_user:$service_group" "$folder"
  echo "$folder" >"$state/postgres.folder"
  as_postgres "$bin/initdb" --pgdata "$folder/data" --auth trust --username relaydesk \
    --encoding UTF8 --locale C --no-sync >"$state/postgres.log" 2>&1
  as_postgres "$bin/postgres" -D "$folder/data" -p "$port" -k "$folder" \
    -c listen_addresses=127.0.0.1 -c max_connections=200 -c fsync="${POSTGRES_FSYNC:-off}" \
    </dev/null >>"$state/postgres.log" 2>&1 &
  wait_for 20 PostgreSQL test -s "$folder/data/postmaster.pid"
  head -1 "$folder/data/postmaster.pid" >"$state/postgres.pid"
  wait_for 20 PostgreSQL "$bin/psql" -h 127.0.0.1 -p "$port" -U relaydesk -d postgres -c 'SELECT 1'
  "$bin/psql" -q -h 127.0.0.1 -p "$port" -U relaydesk -d postgres -c 'CREATE DATABASE relaydesk'
  echo "export DATABASE_URL=postgresql://relaydesk@127.0.0.1:$port/relaydesk"
}

start_redis() {
  local port
  command -v redis-server >/dev/null || { echo "Redis is not installed" >&2; return 1; }
  port="$(free_port)"
  redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$state" \
    --maxmemory-policy noeviction </dev/null >"$state/redis.log" 2>&1 &
  echo $! >"$state/redis.pid"
  wait_for 10 Redis is_listening "$port"
  echo "export BROKER_URL=redis://127.0.0.1:$port/0"
}

start_rabbitmq() {
  local server port names folder
  server="$(ls -d /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server 2>/dev/null \
    | sort -V | tail -1)"
  [ -x "$server" ] || { echo "RabbitMQ is not installed" >&2; return 1; }
  port="$(free_port)"
  names="$(free_port)"
  folder="$state/rabbitmq"
  mkdir -p "$folder"
  echo "$names" >"$state/rabbitmq.names"
  HOME="$folder" ERL_EPMD_PORT="$names" ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_NODENAME="relaydesk$port@localhost" RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
    RABBITMQ_NODE_PORT="$port" RABBITMQ_DIST_PORT="$(free_port)" \
    RABBITMQ_MNESIA_BASE="$folder/data" RABBITMQ_LOG_BASE="$folder" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$folder/enabled_plugins" \
    "$server" </dev/null >"$state/rabbitmq.log" 2>&1 &
  echo $! >"$state/rabbitmq.pid"
  wait_for 60 RabbitMQ is_listening "$port"
  echo "export BROKER_URL=amqp://guest:guest@127.0.0.1:$port//"
}

start() {
  mkdir -p "$state"
  for service in "$@"; do
    if [ -e "$state/$service.pid" ] && kill -0 "$(cat "$state/$service.pid")" 2>/dev/null; then
      echo "$service already runs for $state; stop it first" >&2
      return 1
    fi
    "start_$service" || { stop "$service"; return 1; }
  done
}

stop() {
  local pid folder
  for service in "$@"; do
    if [ -e "$state/$service.pid" ]; then
      pid="$(cat "$state/$service.pid")"
      # PostgreSQL: SIGINT ends the sessions instead of waiting for them.
      kill -s "$([ "$service" = postgres ] && echo INT || echo TERM)" "$pid" 2>/dev/null || true
      for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
      kill -s KILL "$pid" 2>/dev/null || true
      rm -f "$state/$service.pid"
    fi
  done
  if [ -e "$state/postgres.folder" ] && [ ! -e "$state/postgres.pid" ]; then
    folder="$(cat "$state/postgres.folder")"
    case "$folder" in /tmp/relaydesk-postgres-*) rm -rf "$folder" ;; esac
    rm -f "$state/postgres.folder"
  fi
  if [ -e "$state/rabbitmq.names" ] && [ ! -e "$state/rabbitmq.pid" ]; then
    ERL_EPMD_PORT="$(cat "$state/rabbitmq.names")" epmd -kill >/dev/null 2>&1 || true
    rm -rf "$state/rabbitmq" "$state/rabbitmq.names"
  fi
}

command="${1:-}"
[ $# -eq 0 ] || shift
case "$command" in
  start) [ $# -gt 0 ] || set -- postgres redis; start "$@" ;;
  stop) [ $# -gt 0 ] || set -- postgres redis rabbitmq; stop "$@" ;;
  *) sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
