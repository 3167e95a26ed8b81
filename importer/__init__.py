"""Bulk import of bills from spreadsheets into Light, each exactly once."""

__version__ = "0.1.0"
