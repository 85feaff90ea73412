"""The passwd-file backend: `user:{SCHEME}hash:uid:gid:gecos:home:shell:extra`, one line an account, as Dovecot has it."""
