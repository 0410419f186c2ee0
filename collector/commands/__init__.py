"""What `kentongan-collector` does beside `run`. A command takes a Desk and its options and returns an exit code.

desk.py     what every command works with; exit codes
check.py    the configuration
sites.py    the registry; contracts.py: what providers promised; spreadsheets.py: what importing and exporting both is
tokens.py   who may push and read
acts.py     what people say: exclusions, causes of outages, the audit log
store.py    work on the store itself
chain.py    whether the chain of evidence adds up; anchor.py: what of it is kept elsewhere
simulate.py a province whose truth is known; verify.py: whether the account of it is right
reports.py  a report or a pack of them; printing.py: whole files or none, and how far it is
"""
