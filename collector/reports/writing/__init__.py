"""A Document -> bytes, in one format each.

formats.py     FORMATS, the table of them; start here
words.py       pure: values as people read them, in the reader's language
html.py        a page that stands by itself: on a phone, on a desk, on A4
               rows.py (pure): rows of a table; records.py (pure): of one too wide for paper; parts.py: sections as
               templates/ lay them out; shapes.py (pure): how a table lies on paper
pictures.py    pure: charts as SVG; curves.py, bars.py: lines and bars; strokes.py: what they are drawn with; axes.py:
               where values stand; picture_words.py: what is said of them
pdf.py         that page, printed (needs the extra `pdf`)
workbook.py    XLSX: real numbers and charts, one sheet a table; cells.py: how values stand in cells; sheets.py: names,
               paper, the sheets of tables; sheet_rows.py: their rows as XML; drawings.py: charts
plain.py       CSV and JSON
"""
