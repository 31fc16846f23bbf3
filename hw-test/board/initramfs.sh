#!/bin/busybox sh
# First process of the board: brings the disks up and hands over to the root file system, as the initramfs of a device does.
# vda is the root, mounted read-only; the SD card is /data, the one place that can be written and outlives a power cut.

fail() {
  echo "@board failed {\"where\":\"initramfs\",\"what\":\"$1\"}"
  exec /bin/busybox poweroff -f
}

/bin/busybox mkdir -p /dev /proc /sys /root
/bin/busybox --install -s /bin
PATH=/bin
mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys
exec </dev/console >/dev/console 2>&1

# In an order in which each finds what it depends on.
while read -r module; do
  insmod "/modules/$module" || fail "insmod $module"
done </modules/order

# The card is there a moment after its driver.
tries=0
until [ -b /dev/vda ] && [ -b /dev/mmcblk0 ]; do
  tries=$((tries + 1))
  [ $tries -le 200 ] || fail "no vda and mmcblk0 within 20 s"
  sleep 0.1
done

mount -t ext4 -o ro /dev/vda /root || fail "mount root"
mount -t ext4 -o noatime /dev/mmcblk0 /root/data || fail "mount /data"
mount --move /dev /root/dev
mount --move /proc /root/proc
mount --move /sys /root/sys
exec switch_root /root /board/init.sh
