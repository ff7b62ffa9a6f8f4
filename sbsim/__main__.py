"""`python -m sbsim` is `sbsim`."""

from sbsim.cli import main

main()
