"""API keys: made and shown once, recognised by their hash ever after."""
