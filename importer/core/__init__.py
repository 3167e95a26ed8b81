"""Building blocks without knowledge of bills: money, dates, cell parsers, lazy sequences."""
