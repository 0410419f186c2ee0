"""A Document -> bytes, in one format each. FORMATS (formats.py) is the table.

formats.py     FORMATS; start here
words.py       pure: values as people read them, in the reader's language
html.py        a page that stands by itself: on a phone, on a desk, on A4; pictures.py (pure): its charts as SVG
pdf.py         that page, printed (needs the extra `pdf`)
workbook.py    XLSX: real numbers, real charts, one sheet a table
plain.py       CSV and JSON
"""
