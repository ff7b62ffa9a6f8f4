"""LIO's configfs as a model that knows nothing of who carries it.

`tree` is configfs itself: folders that can be made, attributes, links, and what each refuses.
`shapes` says what a kernel's objects look like, from a recording of the real one. The objects are
in `core`, `backstores`, `fabric`, `iscsi` and `loopback`.
"""
