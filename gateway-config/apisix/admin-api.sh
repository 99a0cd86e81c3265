#!/usr/bin/env bash
# Puts the files of admin/ into Apache APISIX by its Admin API, or takes them out again. To run it twice is to run it once.
#
#   APISIX_ADMIN_KEY_FILE=FILE LLMTRACE_TAP_SECRET_FILE=FILE LLMTRACE_CONSUMER_KEY_FILE=FILE \
#     admin-api.sh [--dry-run] apply|remove [KIND/NAME…]
#
# APISIX_ADMIN is where the Admin API listens (http://127.0.0.1:9180). Without names all files are meant; a name is
# such as routes/openai. Secrets come from files, stand on no command line and are printed nowhere. Needs bash and curl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/admin"

fail() { echo "admin-api.sh: $1" >&2; exit "${2:-2}"; }

dry=0
if [[ ${1:-} == --dry-run ]]; then dry=1; shift; fi
verb=${1:-}
case $verb in
  apply) kinds=(plugin_metadata consumers routes) ;;
  remove) kinds=(routes consumers plugin_metadata) ;;   # a route before whom it names
  *) fail 'expected: [--dry-run] apply|remove [KIND/NAME…], such as apply routes/openai' ;;
esac
shift

admin=${APISIX_ADMIN:-http://127.0.0.1:9180}
admin=${admin%/}

secret() { # VARIABLE PATTERN: the one line of the file that the variable names
  local file=${!1:-} value
  [[ -n $file ]] || fail "$1: expected the name of a file with the secret"
  value=$(tr -d '\r\n' < "$file") || fail "$1: $file cannot be read"
  # Nothing that ends a string in JSON, a header or a line for curl.
  [[ $value =~ ^[A-Za-z0-9._~+/=-]{8,4096}$ ]] || fail "$1: expected 8 or more of A-Z a-z 0-9 . _ ~ + / = - in $file"
  printf '%s' "$value"
}

names=()
if (($#)); then
  for name in "$@"; do
    [[ $name =~ ^(routes|consumers|plugin_metadata)/[a-zA-Z0-9_.-]+$ && -f $name.json ]] \
      || fail "$name: expected one of $(ls -1 */*.json | sed 's/\.json$//' | tr '\n' ' ')"
    names+=("$name")
  done
else
  for kind in "${kinds[@]}"; do
    for file in "$kind"/*.json; do names+=("${file%.json}"); done
  done
fi

umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ((!dry)); then
  printf 'header = "X-API-KEY: %s"\n' "$(secret APISIX_ADMIN_KEY_FILE)" > "$work/curl"
fi

body() { # NAME: the file with its secrets, where it asks for any
  local text tap consumer
  text=$(< "$1.json")
  if [[ $text == *@TAP_SECRET@* ]]; then
    tap=$(secret LLMTRACE_TAP_SECRET_FILE)
    text=${text//@TAP_SECRET@/"$tap"}
  fi
  if [[ $text == *@CONSUMER_KEY@* ]]; then
    consumer=$(secret LLMTRACE_CONSUMER_KEY_FILE)
    text=${text//@CONSUMER_KEY@/"$consumer"}
  fi
  printf '%s' "$text" > "$work/body"
}

ask() { # METHOD PATH [body]
  local status data=()
  [[ -z ${3:-} ]] || data=(--data-binary "@$work/body" -H 'Content-Type: application/json')
  status=$(curl -sS --config "$work/curl" --connect-timeout 5 --max-time 15 -o "$work/answer" \
    -w '%{http_code}' -X "$1" "${data[@]}" "$admin/apisix/admin/$2") \
    || fail "no Admin API can be reached at $admin (APISIX_ADMIN)" 3
  case $status in
    200|201) echo "$1 $2: $status" ;;
    404) [[ $1 == DELETE ]] && echo "$1 $2: was not there" || fail "$1 $2: 404, there is no Admin API at $admin" 3 ;;
    401) fail "$1 $2: 401, the gateway does not take the key of APISIX_ADMIN_KEY_FILE" 1 ;;
    # What a gateway says of a body it refuses may repeat the body.
    400) fail "$1 $2: 400, $(sed -n 's/.*"error_msg":"\([^"]*\)".*/\1/p' "$work/answer" | cut -c1-300)" 1 ;;
    *) fail "$1 $2: $status" 1 ;;
  esac
}

for name in "${names[@]}"; do
  path=$name
  if [[ $verb == remove ]]; then
    if ((dry)); then echo "would DELETE $admin/apisix/admin/$path"; else ask DELETE "$path"; fi
    continue
  fi
  # A consumer is named by its username.
  [[ $name == consumers/* ]] && path=consumers
  if ((dry)); then
    echo "would PUT $admin/apisix/admin/$path with admin/$name.json"
  else
    body "$name"
    ask PUT "$path" body
  fi
done
