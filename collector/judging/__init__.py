"""Results -> flips.

judge.py     pure: results of a site -> flips of its targets, its groups and itself; start here
evidence.py  pure: which results say something, of what moment and for how long
tracks.py    pure: results of one target -> its states over time
groups.py    pure: targets -> groups, and one date for what happened at once
ladder.py    pure: states of groups -> the condition of the site
quality.py   pure: when a line is up but bad
examine.py   what results change: the window that they touch
rejudge.py   after each commit: what is to be examined, and in which order
owed.py      pure: what is still to be judged
known.py     what the registry says that judging needs; watchers.py: who watches whom from outside
steady.py    pure: the fast lane, in which nothing changes, for all sites at once; block.py: what is new at them;
             bins.py: their quality; arrays.py: their arrays
still.py     pure: which sites may go there
tidings.py   what live is told
"""
