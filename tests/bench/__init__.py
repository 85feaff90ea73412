"""`scripts/bench`: this server and Dovecot on the same mail, the same machine, in turns.

servers      both, on loopback, with what they need
post         the Maildirs they serve: generated, the same for both
client       a client that is never the bottleneck: it counts answers, and parses none
workloads    what is measured, a function each
comparison   all workloads, in turns; `memory` what idle sessions take
growth       this server alone, on ever more messages
report       medians, ratios, targets; `chart` the same for the eye
"""
