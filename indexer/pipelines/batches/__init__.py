"""Asking by batches: files of requests on their way out, and their answers on their way in."""
