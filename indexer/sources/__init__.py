"""Where images come from: folders and files."""
