"""The import path of the earlier system: `from database.schemas import Customer, Loan, CallStatus`."""
