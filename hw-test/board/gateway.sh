# What the scenarios share: lines for the test, and the gateway started, asked, measured and stopped, each with a deadline.
# Sourced by init.sh.

DATA=/data/tidegate
CONFIG=/board/tidegate.toml
TIDEGATE=/usr/bin/tidegate
# As systemd's StateDirectory= sets it: where verbs without a configuration put the native parts.
export STATE_DIRECTORY=$DATA

# say NAME JSON: one line for the test.
say() {
  echo "@board $1 $2"
}

# Milliseconds since the kernel started.
now_ms() {
  awk '{printf "%d", $1 * 1000}' /proc/uptime
}

# tell NAME SECONDS VERB...: runs `tidegate VERB... --json` and says its exit code, its document and how long it took.
tell() {
  local name=$1 seconds=$2 before code
  shift 2
  before=$(now_ms)
  timeout "$seconds" $TIDEGATE "$@" --json >/run/out 2>/run/err
  code=$?
  say "$name" "{\"code\":$code,\"ms\":$(($(now_ms) - before)),\"document\":$(head -n 1 /run/out | grep . || echo null)}"
  [ $code -eq 0 ] || sed 's/^/stderr: /' /run/err
}

# gateway_start [NAME]: starts it with whatever stands in ENTER (a command that runs it) and waits until it listens.
gateway_start() {
  local before tries=0
  mkdir -p $DATA
  : >/run/started
  before=$(now_ms)
  $ENTER $TIDEGATE run --json --config "$CONFIG" >/run/started 2>>/run/gateway.log &
  GATEWAY=$!
  until grep -q mqtt /run/started; do
    tries=$((tries + 1))
    if [ $tries -gt 1200 ] || ! kill -0 $GATEWAY 2>/dev/null; then
      sed 's/^/gateway: /' /run/gateway.log
      say failed "{\"where\":\"gateway_start\",\"what\":\"it does not listen\"}"
      return 1
    fi
    sleep 0.1
  done
  say "${1:-started}" "{\"ms\":$(($(now_ms) - before)),\"document\":$(cat /run/started)}"
}

# status NAME: what `tidegate status --json` shows, from where it has it: a verb takes as long to start as the gateway, which here is long.
status() {
  local tries=0
  until timeout 30 wget -q -O /run/out http://127.0.0.1:8080/api/status 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 5 ] || break
  done
  say "$1" "$(head -n 1 /run/out | grep . || echo null)"
}

# gateway_stop [NAME]: SIGTERM, and SIGKILL after 40 s; says the exit code.
gateway_stop() {
  local before code
  before=$(now_ms)
  kill -TERM $GATEWAY
  (sleep 40 && kill -KILL $GATEWAY) 2>/dev/null &
  wait $GATEWAY
  code=$?
  kill $! 2>/dev/null
  say "${1:-stopped}" "{\"code\":$code,\"ms\":$(($(now_ms) - before))}"
  [ $code -eq 0 ] || sed 's/^/gateway: /' /run/gateway.log
}

# memory NAME: what the gateway takes, as the kernel counts it. Sizes in KiB.
memory() {
  awk -v name="$1" -v files="$(ls /proc/$GATEWAY/fd | wc -l)" '
    /^Pss:/ {pss = $2} /^Rss:/ {rss = $2} /^VmPeak:/ {peak = $2} /^RssAnon:/ {anon = $2} /^Threads:/ {threads = $2}
    END {printf "@board %s {\"pssKb\":%d,\"rssKb\":%d,\"anonKb\":%d,\"virtualPeakKb\":%d,\"threads\":%d,\"files\":%d}\n", name, pss, rss, anon, peak, threads, files}
  ' /proc/$GATEWAY/smaps_rollup /proc/$GATEWAY/status
}

# values NAME SERIES: the values of a series in its segments, in order of storing, 100 a line.
values() {
  timeout 60 $TIDEGATE store export --config "$CONFIG" --lane live --series "$2" --format csv --output /run/export.csv >/dev/null || return
  awk -F, -v name="$1" '
    NR > 1 {row = row (row == "" ? "" : ",") $4; if ((NR - 1) % 100 == 0) {print "@board " name " [" row "]"; row = ""}}
    END {print "@board " name " [" row "]"}
  ' /run/export.csv
}

# publish FROM TO [OPTION...]: a reading for each number, at least once; returns when the last is acknowledged.
publish() {
  local from=$1 to=$2
  shift 2
  seq "$from" "$to" | mosquitto_pub -h 127.0.0.1 -p 1883 -i board -q 1 -t sensors/plant/count -l "$@"
}
