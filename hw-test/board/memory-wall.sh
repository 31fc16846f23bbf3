# The outer wall: the gateway in a control group of 320 MiB, as systemd's MemoryMax= makes one. A module that takes all the memory its manifest
# grants stays far inside; a program in the same group that takes without end is ended by the kernel, and the gateway is not.

CONFIG=/board/memory-wall.toml
export TIDEGATE_MODULES=/board/modules
GROUP=/sys/fs/cgroup/tidegate
mkdir $GROUP
echo 320M >$GROUP/memory.max
echo 0 >$GROUP/memory.swap.max 2>/dev/null

# group NAME: what the group takes and what its wall has done, in octets.
group() {
  say "$1" "{\"max\":$(cat $GROUP/memory.max),\"current\":$(cat $GROUP/memory.current),\"peak\":$(cat $GROUP/memory.peak 2>/dev/null || echo null),\"anon\":$(awk '/^anon /{print $2}' $GROUP/memory.stat),\"oomKills\":$(awk '/^oom_kill /{print $2}' $GROUP/memory.events)}"
}

ENTER="sh /board/enter.sh $GROUP"
gateway_start
publish 1 10
status status-before
group before

# A reading that sets the module off, again and again: after each it is made anew, with a back-off.
publish 2001 2003
tries=0
until status status-grown && grep -q '"traps":[1-9]' /run/out; do
  tries=$((tries + 1))
  [ $tries -lt 20 ] || break
  sleep 1
done
group grown

$ENTER tail /dev/zero >/dev/null
say bomb "{\"code\":$?}"
group bombed

publish 11 20
say published "{\"code\":$?}"
status status-after
gateway_stop
values values plant/count
