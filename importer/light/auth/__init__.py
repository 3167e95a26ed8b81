"""Keys and logins: credentials, OAuth, token store."""
