"""Workbooks of every kind: their sheets as the text that a person sees, and which of them are read as one table.

`workbook` says which sheets are read. `calamine`, `opendocument` and `webtable` make grids of cells of the files. What
the library does not say, merged cells and formats that pad with zeros, `xlsx` and `biff` do.
"""
