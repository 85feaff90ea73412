"""What a message is: structure, headers, addresses, dates, text, threads. Pure; it never raises on bad mail."""
