"""The use cases, without click or printing: options in, events out, a result back."""
