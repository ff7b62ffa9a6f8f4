"""What can go wrong in a deployment, as actions with names."""
