"""The `indexer` command: the only code that prints or exits."""
