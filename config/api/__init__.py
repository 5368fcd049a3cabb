"""What all of the API shares: its front door, its keys, its errors, its pages, its JSON."""
