# After a start, or a start after a power cut: how the gateway stands, then readings without end, from the number on the kernel's command line
# (board.first=N), each acknowledgement shown on the console as mosquitto_pub sees it. The test cuts the power.

first=$(sed -n 's/.*board\.first=\([0-9]*\).*/\1/p' /proc/cmdline)
gateway_start
status status
publish "$first" $((first + 900000)) -d >/dev/console
