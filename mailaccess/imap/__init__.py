"""IMAP: grammar, commands and what one client has been told. Knows no file, socket, thread or clock.

Importing the package fills the command table. From a client's octets to its answer:

serving      one connection: commands one after the other
session      what outlives a command; `telling` the news that follow each
framing      whole commands from lines and literals
registry     the command table, `@command`, and CAPABILITY
grammar      the words of a command; `numset` its sets of numbers, `glob` its mailbox patterns
commands/    the handlers, one module for each family
view         what the client has been told of its mailbox: sequence numbers exist here and nowhere below
opening      what is answered of a mailbox that is opened for the first time before all of it is known
flag_lines   how changed flags are told
permissions  what the rights to the selected mailbox allow; `myrights` those to any
listed       LIST responses, `status_items` STATUS's; `respelling` those for names that were spelled otherwise
changing     what commands that change messages have in common
limiting     how many messages one command processes; `progress` how far it is
render       values to words; `errors` what a handler raises, `refusals` what storage's refusals are called here

What is known of a message without opening its file, made once and kept by storage:
facts        ENVELOPE, BODYSTRUCTURE, small headers, the place of each part; `structure` renders the first two

FETCH:
wanted       what is asked for: the table of items, and from the words of a command to them
items        the items: what each needs and how it is rendered
plan         what it takes to answer for some of them, found out once
section      BODY[section]<partial>: which octets that is; `binary` those of a part as they were before encoding
objectid     names that outlive moving and renaming
loading      facts and threads of many messages, in slices (SEARCH's too)
kept         what facts said, in memory; `retold` short texts
values       what is read from messages' files
fetching     the responses

APPEND, REPLACE:
append_data  what is said of a message before its octets
streamed     a command whose literals are not held
receiving    messages on their way to disk, what URLs name among them; `upload` those that have arrived

URLs (RFC 5092), which CATENATE copies from and URLFETCH answers:
url          what a URL says; `url_data` the octets it names, `url_metadata` what else is told of them
urlauth      what proves that others may have them

METADATA:
annotations  names, values, and who sees which; `annotation_news` what others changed in them

SEARCH, SORT, THREAD:
keys         the table of search keys; `range_keys` of them compare, `text_keys` look for texts
program      from the words of a search to a tree of keys
filters      searches that have a name
finding      what commands that search have in common
searching    evaluates it, looking at no more than it takes; `indexed` what the full-text index knows
rows         the mailbox as keys look at it; `columns` what headers say, kept for the next search; `texts` the rest
sorting      the order of SORT; `threads` those of THREAD; `orders` both, kept for the next time (`bounded`)
returning    what they can be asked to return: the table of options, and ESEARCH; `partial` a stretch of the results
contexts     results that are kept up to date for the client
sources      in which mailboxes to search (NOTIFY's too)

NOTIFY:
events       what a client asks to be told of
changes      what differs between two pictures of an account; `notifying` tells it
"""

from mailaccess.imap import commands
from mailaccess.imap.serving import serve
from mailaccess.imap.session import ImapSettings

__all__ = ["ImapSettings", "commands", "serve"]
