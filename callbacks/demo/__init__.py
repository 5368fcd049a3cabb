"""Promises to call in the fictional shop of `routing.demo`."""
