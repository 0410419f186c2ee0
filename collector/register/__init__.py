"""Spreadsheets of sites and contracts -> the registry, and back.

Reading order, which is the way of a file:

    faults.py          what can be wrong with a cell, a row, a file
    sheets.py          a CSV file -> rows of cells with the numbers that the spreadsheet shows; encodings, separators
    workbooks.py       the same of an XLSX file, after its sizes were looked at
    words.py           the words that files may use, Indonesian and English: headers and values
    amounts.py         pure: numbers, money, shares as people write them; days.py: dates
    columns.py         pure: the two forms, sites and contracts: every column, how it is read and written
    rows.py            pure: a sheet -> what each row gives, and every mistake
    day_order.py       pure: days that could be read with the day or with the month first
    codes.py           pure: what spreadsheets do to codes: zeros and dots that are gone
    site_sheet.py      pure: rows -> sites with their details, against what is known
    contract_sheet.py  pure: rows -> versions of contracts, against what is known
    plan.py            pure: what an import would change
    writing.py         records -> CSV and XLSX, which are read again unchanged
    regions.py         a ready sheet of all villages of a province (extra `wilayah`)

A column that is not in the file leaves what is known as it is; an empty cell in a column that is there empties it.
"""
