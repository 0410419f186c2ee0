"""The channels: how what was decided reaches people, and programs that tell people.

alertmanager.py       Alertmanager by its API
apprise_urls.py       Telegram, e-mail and the rest: a channel for each receiver
receivers.py          pure: whom to tell what and when: once, over, again, in quiet hours, by escalation
receiver_settings.py  what a receiver can be told
routes.py, quiet.py   pure: what is a receiver's business, and when it wants quiet
messages.py           pure: the words of a message; morning.py: of the morning digest
morning_facts.py      what the digest is made of, from the store
recall.py             what an address was told, as the store keeps it
trial.py              a sample to every channel
"""
