"""Flows in the console: drawn as plain forms, published, tried, and looked at while they run."""
