"""Reading and writing files: whole or not at all, the same bytes for the same content, no pickle."""
