"""The index for agents, by the Model Context Protocol."""
