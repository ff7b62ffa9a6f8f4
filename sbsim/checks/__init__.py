"""What must hold whatever was done: checks of a whole deployment, and what broke them."""

from sbsim.checks.agreement import Seen, disagreements

__all__ = ["Seen", "disagreements"]
