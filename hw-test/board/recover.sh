# After a power cut: does it start, does the ledger balance, what is there.

gateway_start
tell status 30 status --config "$CONFIG"
publish 2000001 2000010
gateway_stop
tell store 30 store status --config "$CONFIG"
values values plant/count
