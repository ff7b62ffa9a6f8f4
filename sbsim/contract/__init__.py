"""The simulated world held against the real one: what is played on both, and what the real gave.

`sbsim contract record` plays these operations on a lab's kernel and keeps the answers as data, by
kernel version; `suites/contract` plays the same on the simulator and wants the same answers.
"""
