"""The import path of the earlier system. `database.schemas` re-exports the contract classes of `models`."""
