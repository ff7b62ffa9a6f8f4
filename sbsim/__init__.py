"""sbsim: builds, checks, breaks and measures ZStack Shared Block primary storage."""

__version__ = "0.1.0"
