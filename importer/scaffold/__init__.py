"""Drafts for people: a template from an export, and a workbook to fill in."""
