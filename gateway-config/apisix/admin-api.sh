#!/usr/bin/env bash
# Puts the files of admin/ into Apache APISIX by its Admin API, or takes them out again. To run it twice is to run it once.
# What it did not put there itself it neither replaces nor removes: it says so and changes nothing at all, but with
# --replace. Routes and consumers of its own have a label; settings of a plugin, which can have none, are its own where
# they say what the file says.
#
#   APISIX_ADMIN_KEY_FILE=FILE LLMTRACE_TAP_SECRET_FILE=FILE LLMTRACE_CONSUMER_KEY_FILE=FILE \
#     admin-api.sh [--dry-run|--replace] apply|remove [KIND/NAME…]
#
# APISIX_ADMIN is where the Admin API listens (http://127.0.0.1:9180). Without names all files are meant; a name is
# such as routes/openai. Secrets come from files, stand on no command line and are printed nowhere. Needs bash and curl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/admin"

fail() { echo "admin-api.sh: $1" >&2; exit "${2:-2}"; }

dry=0
replace=0
while [[ ${1:-} == --* ]]; do
  case $1 in
    --dry-run) dry=1 ;;
    --replace) replace=1 ;;
    *) fail "$1: expected --dry-run or --replace" ;;
  esac
  shift
done
verb=${1:-}
case $verb in
  apply) kinds=(plugin_metadata consumers routes) ;;
  remove) kinds=(routes consumers plugin_metadata) ;;   # a route before whom it names
  *) fail 'expected: [--dry-run|--replace] apply|remove [KIND/NAME…], such as apply routes/openai' ;;
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
  [[ $1 == plugin_metadata/* ]] || text="{\"labels\": {$mark},${text#\{}"
  printf '%s' "$text" > "$work/body"
}

mark='"llmtrace-files":"admin-api.sh"'

# The members of a JSON text that are no objects, a line each; good enough to compare files that have no commas or
# braces in their texts.
members() { tr -d ' \t\r\n' | tr '{},' '\n\n\n' | grep ':.' || true; }

look() { # NAME: whether it is not there (absent), put there by this script (ours), or anything else (theirs)
  local status member
  status=$(curl -sS --config "$work/curl" --connect-timeout 5 --max-time 15 -o "$work/answer" \
    -w '%{http_code}' "$admin/apisix/admin/$1") || fail "no Admin API can be reached at $admin (APISIX_ADMIN)" 3
  case $status in
    200) ;;
    # Only an Admin API says so.
    404) grep -qi 'key not found' "$work/answer" || fail "GET $1: 404, there is no Admin API at $admin" 3
         found=absent; return ;;
    401) fail "GET $1: 401, the gateway does not take the key of APISIX_ADMIN_KEY_FILE" 1 ;;
    *) fail "GET $1: $status" 1 ;;
  esac
  members < "$work/answer" > "$work/members"
  found=ours
  if [[ $1 != plugin_metadata/* ]]; then
    grep -qxF "$mark" "$work/members" || found=theirs
    return
  fi
  while IFS= read -r member; do
    grep -qxF -e "$member" "$work/members" || found=theirs
  done < <(members < "$1.json")
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

declare -A state=()
if ((!dry)); then
  # All of them before the first change, so that a refusal leaves nothing half done.
  theirs=()
  for name in "${names[@]}"; do
    look "$name"
    state[$name]=$found
    [[ $found != theirs ]] || theirs+=("$name")
  done
  if ((${#theirs[@]} && !replace)); then
    fail "${theirs[*]}: there already, and not as this script puts it there. Nothing was changed. Name the others, or use \
--replace to $verb these too" 1
  fi
fi

for name in "${names[@]}"; do
  path=$name
  if [[ $verb == remove ]]; then
    if ((dry)); then echo "would DELETE $admin/apisix/admin/$path"
    elif [[ ${state[$name]} == absent ]]; then echo "DELETE $path: was not there"
    else ask DELETE "$path"; fi
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
