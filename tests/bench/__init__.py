"""`scripts/bench`: this server and Dovecot on the same mail, the same machine, in turns.

servers      both, on loopback, with what they need
post         the Maildirs they serve: generated, the same for both
client       a client that is never the bottleneck: it counts answers, and parses none
workloads    what is measured, a function each
comparison   all workloads, in turns; `memory` what idle sessions take
growth       this server alone, on ever more messages
many         this server alone, with 10,000 idle sessions
fairness     this server alone: one session beside another's heavy work
profiling    where our time goes in a workload
report       medians, ratios, targets; `chart` the same for the eye; `findings` figures that are compared with nothing
readme       the README's figures, from what was recorded in results/
"""
