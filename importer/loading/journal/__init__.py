"""The journal: durable intents and outcomes of every change in Light."""
