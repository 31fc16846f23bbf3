# A day in the life of a device, in short: what it is, does it work here, readings in, asked, stopped, started again, readings still there.

tell version 90 version
tell self-test 120 self-test
gateway_start
publish 1 300
say published "{\"code\":$?}"
sleep 2
memory memory
tell status 60 status --config "$CONFIG"
gateway_stop

# The address space of a 39-bit kernel is 512 GiB. Held to a sixty-fourth of that, modules run only while a memory reserves what it may use.
ulimit -v 8388608
gateway_start started-narrow
publish 301 310
status status-narrow
memory memory-narrow
gateway_stop stopped-narrow
ulimit -v unlimited
values values plant/count
