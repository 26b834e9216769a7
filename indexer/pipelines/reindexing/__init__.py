"""Reindexing: captions asked for anew, and a generation that is built of them beside the live one."""
