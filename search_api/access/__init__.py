"""Who may do what: keys, sessions of the page, and how much of it in a minute."""
