"""The full-text index: what SEARCH looks into, kept so that it need not be read from the messages again.

A database of its own beside the index, disposable as a whole, with the folded texts of messages and a table of the
trigrams in them. What it says of a message is exactly what reading that message would: trigrams only say which texts
to look into. It goes by the index's numbers of mailboxes and UIDs, under which a message never changes.

full_text    one account's, as the rest of storage knows it
schema       the tables
database     the file: opened by whoever asks or fills, begun anew when it is lost, damaged or another index's
filling      messages put in, a few at a time, in order of UID; those that were expunged taken out
asking       which messages hold a needle
"""
