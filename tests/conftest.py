"""For all tests: no property fails because the machine is slow; in CI the same tree is always asked the same.

Elsewhere examples are drawn anew with every run and find what nobody thought of. Where CI is set, Hypothesis has a
profile of its own, and this is one on top of it.
"""

from hypothesis import HealthCheck, settings

settings.register_profile("kentongan", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kentongan")
