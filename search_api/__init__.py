"""The search service: HTTP routes and the web page over the catalogue."""
