"""What may be wrong with the rows of an upload: codes, and with each what the sender can do about it."""

# A row's error is one of the first list; the codes of the second name a cell that was left out of a usable row.
ROW_ERRORS = {
    "missing_loan_id": "fill in the loan id and send the rows again",
    "bad_loan_id": "format the column as text in the spreadsheet, so that no digits are lost, and send it again",
    "missing_customer_id": "state the customer's id in the record",
    "wrong_field_count": "put the cell that holds the delimiter in double quotes, or name every column in the header",
    "bad_quoting": "close the double quote, or double it where it is part of the text",
    "bad_encoding": "save the file as UTF-8 and send it again",
    "missing_call_sid": "export the log with the call id in every row",
    "bad_call_sid": "format the column as text in the spreadsheet, so that no digits are lost, and send it again",
    "unknown_status": "tell the data team what the status means",
    "missing_upload": "import the whole database, its uploads too",
    "earlier_error": "send the file that the row came from",
}
CELL_ERRORS = {
    "bad_amount": "write amounts as 50000.50",
    "bad_date": "write dates as 2026-03-15",
    "bad_phone": "write a phone as ten digits, in a column formatted as text",
    "bad_national_id": "state the id in full, in a column formatted as text",
    "bad_number": "write durations as whole seconds, and line numbers as whole numbers",
    "bad_flag": "write yes or no",
    "bad_value": "correct the value where the record comes from",
}
# What the sender should look at, although the row was used; what it means, and what can be done about it.
FINDINGS = {
    "no_contact": (
        "no row states a phone or a national id of the loan's borrower",
        "state one, so that they can be called",
    ),
    "several_borrowers": (
        "the row states somebody else than the loan's borrower in the same file",
        "add a column role: Applicant, Co-Applicant or Guarantor",
    ),
    "instalments": (
        "the loan stands several times in the file, with different due dates, and the next one counts",
        "send one row for each loan",
    ),
    "shared_phone": (
        "the borrower of the phone has another name here",
        "state the national id of each person who shares the phone",
    ),
    "ids_alike": (
        "the loan id differs from another in leading zeros, hyphens or spaces only, and they are two loans",
        "write a loan's id in one way",
    ),
    "found_nobody": (
        "the call names no loan that is known, and its number is no borrower's",
        "send the loan book that has the borrower, or the loan id with each call",
    ),
    "unknown_loan": (
        "the call names a loan that is not known, and was found by its number",
        "send the loan book that has the loan, or write the loan's id as the book does",
    ),
}
ROW_ERROR_CODES = tuple(ROW_ERRORS)
CELL_ERROR_CODES = tuple(CELL_ERRORS)
