"""The storage servers' side: LIO targets, made and read through rtslib.

Two halves. What runs on the storage server needs the standard library and rtslib-fb alone:
`model` (the array as wanted), `state` (the same as LIO's objects), `plan`, `lio`, `program`.
What runs here is `pyz` (packs the first half), `wanted` (description -> array) and
`target_server` (the door to one storage server).
"""
