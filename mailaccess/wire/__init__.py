"""The sans-I/O spine under every protocol: how a session waits, reads, writes and finds its commands.

traps    the few places where a session waits
channel  what it shares with its driver; `reader` is the input's half
task     runs it and hands each trap to the driver, which is `net.connection`, or `tests.driver`
table    commands by name
"""
