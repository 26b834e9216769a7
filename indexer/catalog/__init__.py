"""The index itself: the store, generations, embedding, searching, migrations, embedded Postgres."""
