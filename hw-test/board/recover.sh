# After a power cut: does it start, does the ledger balance, does it go on, what is there.

gateway_start
status status
publish 1 10
status status-after
gateway_stop
values values plant/count
