"""Figures -> what an evaluator, an auditor and a provider accept.

kinds.py       REPORTS and PACKS: the tables of them all; start here
document.py    pure: a report before it has a format: typed values that say what they measure and of whom
measures.py    pure: what can be measured, by name; measured.py (pure): columns, cells and facts of them
source.py      what reports are made of, read for one period, scope and moment; once.py: what is worked out once
               sweep.py: a period added up once for all scopes; spans.py (pure): the periods that belong to a report's
heads.py       what stands on every sheet; settings.py: [reports] and [[targets]]
connectivity/  `bulanan`, `keterhubungan`, `penyedia`: how well everybody is connected
lines/         `gangguan`, `harian`, `sla`: what each line did, and what was promised of it
evaluation/    `tinjauan`, `bukti`: the review, and which report answers which indicator of the evaluation
pack/          `audit`: everything with its raw data, and a script that recomputes it; shelf.py: where packs are put
writing/       a Document as HTML, PDF, XLSX, CSV, JSON
press.py       makes reports for whoever asks: command line, pages, API

A report is a function from a Source to a Document. A new one is a module, a line in REPORTS (kinds.py), its texts, and
a row in the README.
"""
