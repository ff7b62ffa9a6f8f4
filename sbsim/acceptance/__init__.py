"""One acceptance run: a deployment brought up, judged id by id, and reported."""

from sbsim.acceptance.run import Run

__all__ = ["Run"]
