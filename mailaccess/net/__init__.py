"""The network: Twisted connections that drive sessions, listeners, TLS, worker processes.

listeners    sockets, bound while there are privileges; `factory` makes a connection of each client that comes
connection   drives one session: answers its traps from its wiring, threads and the clock
deadlines    when its waits are over; `progress` what is told of long commands
wiring       what is between a session and its socket: `tls`, `deflate`; `outlet` writes to TCP at once
tls          certificates by name; `certificate` a self-signed one
proxy        the PROXY protocol; `crowd` how many connections an address may have
reactor      Twisted's, with a short way from an event to a connection
lanes        threads for blocking work, and the way back
garbage      when Python's garbage collector looks at what
workers      a parent and its worker processes
watching     changes on disk, care for accounts, the reactor's delays; `filling` full-text indexes in quiet moments
logs         one log, on standard error
"""
