"""Results -> flips.

judge.py     pure: results of a site -> flips of its targets, its groups and itself; start here
tracks.py    pure: results of one target -> its states over time
groups.py    pure: targets -> groups, and one date for what happened at once
quality.py   pure: when a line is up but bad
examine.py   what results change: the window that they touch
rejudge.py   after each commit: what is to be examined, and in which order
steady.py    pure: the fast lane, in which nothing changes, for all sites at once; arrays.py: its arrays
still.py     pure: which sites may go there
tidings.py   what live is told
"""
