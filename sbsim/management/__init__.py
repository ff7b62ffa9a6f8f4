"""The management plane: what is done to a whole deployment, across its machines."""
