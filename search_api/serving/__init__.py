"""The socket, the connections on it, and the log."""
