"""Pure: what is so now, and what was told before -> what is to be told.

rules.py        which alerts there are, and what they go by
decide.py       what is so, what was sent and is remembered -> alerts to create, to change, to resolve; start here
sites.py        a site that is down, silent, degraded; flapping.py: one that cannot make up its mind
mass.py         many sites at once
agents.py       an agent that is unwell; health.py: the collector; watching.py: what lasts long enough to be told
memory.py       what deciding remembers, and how the store keeps it
words.py        what an alert says, in the language of the installation; mass_words.py: of many sites
"""
