"""Tests: unit (pure), integration (a real Postgres), e2e (the installed command, the service, a browser)."""
