#!/bin/sh
# Run by machine.ts in namespaces of its own: makes a root folder in memory, with the machine's /usr read-only in it, and becomes systemd there.
# $1: an empty folder for the root; $2: the cgroup hierarchies to mount, as `unified` or `hybrid`.
set -e
root=$1
mount --make-rprivate /
mount -t tmpfs -o size=600m,mode=755 tmpfs "$root"
cd "$root"
mkdir -p usr etc/systemd/system proc sys dev run tmp var/lib var/log root old
chmod 1777 tmp
ln -s ../run var/run
for name in bin sbin lib lib64; do ln -s "usr/$name" "$name"; done
mount --bind /usr usr
mount -o remount,bind,ro usr
mount -t tmpfs -o size=400m,mode=755 tmpfs usr/local
mkdir -p usr/local/bin
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
if [ "$2" = hybrid ]; then
  mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
  mkdir sys/fs/cgroup/systemd sys/fs/cgroup/unified
  mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
  mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
else
  mount -t cgroup2 cgroup2 sys/fs/cgroup
fi
mount -t tmpfs -o mode=755 tmpfs dev
mknod -m 666 dev/null c 1 3
mknod -m 666 dev/zero c 1 5
mknod -m 666 dev/full c 1 7
mknod -m 666 dev/random c 1 8
mknod -m 666 dev/urandom c 1 9
mknod -m 666 dev/tty c 5 0
ln -s /proc/self/fd dev/fd
mkdir dev/shm dev/pts dev/mqueue dev/hugepages
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=755 tmpfs run
# Nothing of the machine's own services: only what a unit of Debian's needs to stand on.
for unit in sysinit basic shutdown network multi-user; do
  printf '[Unit]\nDefaultDependencies=no\n' >"etc/systemd/system/$unit.target"
done
printf '[Unit]\nDefaultDependencies=no\nRequires=sysinit.target basic.target\nWants=systemd-journald.service\n' >etc/systemd/system/test.target
cp usr/lib/systemd/system/systemd-journald.service usr/lib/systemd/system/systemd-journald.socket \
  usr/lib/systemd/system/systemd-journald-dev-log.socket etc/systemd/system/
printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\n' >etc/systemd/journald.conf
printf 'root:x:0:0:root:/root:/bin/sh\n' >etc/passwd
printf 'root:x:0:\n' >etc/group
: >etc/shadow
: >etc/gshadow
echo 11111111111111111111111111111111 >etc/machine-id
pivot_root . old
umount -l /old
exec env -i container=test PATH=/usr/local/bin:/usr/sbin:/usr/bin \
  SYSTEMD_UNIT_PATH=/etc/systemd/system:/usr/local/lib/systemd/system \
  /lib/systemd/systemd --system --unit=test.target --show-status=no --log-target=journal --log-level=notice
