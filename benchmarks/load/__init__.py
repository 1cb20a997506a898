"""Many visitors at once, and workers that die: what the server does under fire."""
