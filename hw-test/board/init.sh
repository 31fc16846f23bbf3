#!/bin/busybox sh
# Process 1 of the board's root file system: mounts what a device has, runs the scenario named on the kernel's command line
# (board.scenario=NAME) and switches off. What a test is to see goes to the serial console as lines `@board NAME JSON`.

export PATH=/run/bin:/usr/bin
/bin/busybox mount -t tmpfs -o size=64m tmpfs /run
/bin/busybox mkdir -p /run/bin
/bin/busybox --install -s /run/bin
mount -t tmpfs -o size=64m tmpfs /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo "+memory" >/sys/fs/cgroup/cgroup.subtree_control
hostname board
ip link set lo up

. /board/gateway.sh
scenario=$(sed -n 's/.*board\.scenario=\([a-z-]*\).*/\1/p' /proc/cmdline)
say machine "{\"kernel\":\"$(uname -r)\",\"machine\":\"$(uname -m)\",\"cpus\":$(nproc),\"part\":\"$(sed -n '/CPU part/{s/.*: //p;q}' /proc/cpuinfo)\",\"memoryKb\":$(awk '/^MemTotal/{print $2}' /proc/meminfo),\"date\":\"$(date -u +%FT%TZ)\",\"root\":\"$(awk '$2=="/"{print substr($4,1,2)}' /proc/mounts | tail -n 1)\"}"
. "/board/$scenario.sh"
say end '{}'

sync
umount /data
exec poweroff -f
