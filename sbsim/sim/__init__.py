"""The simulated world: time, arrays, hosts and their tools, computed from one state."""
