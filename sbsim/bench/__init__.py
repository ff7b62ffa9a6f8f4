"""How much of a disk's performance reaches its user: pairs of measurements, and what they carry.

workloads       what is done to a device, as fio jobs
fio_output      what fio says of it
histogram       latencies
steady_state    when rounds may count
comparison      two sides, pair by pair: a ratio, its interval, what that shows
series          the pairs as they are kept
verdict         what is said of the claim, and the exit status
"""
