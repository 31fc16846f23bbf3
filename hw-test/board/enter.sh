#!/bin/busybox sh
# enter.sh GROUP COMMAND...: becomes the command, inside a control group.
echo $$ >"$1/cgroup.procs"
shift
exec "$@"
