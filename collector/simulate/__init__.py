"""Makes a province whose truth is known, feeds what its agents would have said to the real collector, and compares.

    province.py   pure: which sites there are, and what kind of place each is
    span.py       pure: from when to when, how fine, and chance
    world.py      pure: what truly happens at a site: faults of its line (faults.py, pieces.py), silences of its host
                  (silences.py), errors of its clock
    asking.py     pure: when an agent asks its targets, and what they answer
    hosts.py      pure: what hosts say of themselves: boots, clocks, why they stopped
    measure.py    pure: answers -> results, context by context, as an agent's spool would hold them
    planes.py     pure: columns -> the wire's planes, in one pass
    parcels.py    pure: batches -> the order and the moments in which they reach the collector, some late, some twice
    truth.py      the true ledger, and the file it stands in
    deliver.py    batches -> the real ingest, the real judge, the real accounts
    compare.py    pure: the collector's ledger against the true one

Nothing of it runs in a collector that serves. A store that was fed by it is marked for ever (store/marks.py).
"""
