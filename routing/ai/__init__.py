"""AI agents: what they are asked (`base`), and an adapter for each kind."""
