# Readings without end, from the number on the kernel's command line (board.first=N), each acknowledgement shown on the console as
# mosquitto_pub sees it, until the test cuts the power.

first=$(sed -n 's/.*board\.first=\([0-9]*\).*/\1/p' /proc/cmdline)
gateway_start
tell status 30 status --config "$CONFIG"
publish "$first" $((first + 900000)) -d >/dev/console
