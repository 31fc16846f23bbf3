# A day in the life of a device, in short: what it is, does it work here, readings in, asked, stopped, started again, readings still there.

tell version 60 version
tell self-test 90 self-test
gateway_start
publish 1 300
say published "{\"code\":$?}"
sleep 2
tell status 30 status --config "$CONFIG"
memory memory
gateway_stop
values values plant/count

# The address space of a 39-bit kernel is 512 GiB. Held to a sixty-fourth of that, two modules run only while a memory reserves what it may use.
ulimit -v 8388608
gateway_start narrow
publish 301 310
sleep 2
tell narrow-status 30 status --config "$CONFIG"
memory narrow-memory
gateway_stop narrow-stopped
values values-again plant/count
