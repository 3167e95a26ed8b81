"""The client for Light's API; the only package that imports httpx."""
