"""The one storage layer: Maildirs on disk and their index. Synchronous; knows no protocol and no sequence number."""
