"""A script as users of the earlier system have them: nothing in it knows what its tables are kept in today.

`python earlier_script.py collect` writes; `python earlier_script.py report` reads. Both print what they saw as JSON.
"""

import json
import sys
from datetime import datetime, timedelta

from database.schemas import (
    CallSession,
    CallStatus,
    CallStatusUpdate,
    Customer,
    DatabaseManager,
    FileUpload,
    Loan,
    UploadRow,
    compute_fingerprint,
    create_call_session,
    create_customer,
    create_loan,
    db_manager,
    get_call_counts_for_loan,
    get_call_session_by_sid,
    get_calls_by_customer,
    get_calls_by_loan,
    get_customer_by_fingerprint,
    get_customer_by_phone,
    get_loan_by_external_id,
    get_session,
    init_database,
    normalize_phone,
    update_call_status,
    update_customer_call_status,
    update_customer_call_status_by_phone,
)

# What a data frame gives for a sheet with blank cells.
SHEET = [
    {"name": "Meena Pillai", "phone": 8130012301.0, "pan": "aaaza1111z", "loan": "EARLY-1", "due": "05/03/2024"},
    {"name": "Suresh Nair", "phone": "081300 12302", "pan": float("nan"), "loan": "EARLY-2", "due": "2024-03-06"},
    {"name": "Meena Pillai", "phone": "+91 81300-12301", "pan": "AAAZA1111Z", "loan": "EARLY-3", "due": float("nan")},
]


def collect():
    init_database()
    assert db_manager.test_connection()
    session = get_session()
    upload = FileUpload(filename="march.csv", file_path="/srv/uploads/march.csv", total_records=len(SHEET))
    session.add(upload)
    session.commit()
    session.refresh(upload)

    for number, row in enumerate(SHEET, start=2):
        pan = row["pan"] if isinstance(row["pan"], str) else ""
        fingerprint = compute_fingerprint(normalize_phone(str(row["phone"])), pan)
        customer = get_customer_by_fingerprint(session, fingerprint)
        is_new = customer is None
        if is_new:
            customer = create_customer(
                session,
                {
                    "fingerprint": fingerprint,
                    "full_name": row["name"],
                    "primary_phone": row["phone"],
                    "national_id": pan or None,
                    "state": "Kerala",
                    "first_uploaded_at": datetime.utcnow(),
                },
            )
        loan = get_loan_by_external_id(session, row["loan"])
        if loan is None:
            loan = create_loan(
                session,
                {
                    "customer_id": str(customer.id),
                    "loan_id": row["loan"],
                    "outstanding_amount": 1000.5 * number,
                    "next_due_date": row["due"],
                },
            )
        session.add(
            UploadRow(
                file_upload_id=upload.id,
                line_number=number,
                raw_data={"name": row["name"], "loan": row["loan"]},
                phone_normalized=customer.primary_phone,
                loan_id_text=row["loan"],
                match_customer_id=customer.id,
                match_loan_id=loan.id,
                match_method="created" if is_new else "fingerprint",
                status="created" if is_new else "matched",
            )
        )
        upload.processed_records += 1
        upload.success_records += 1
    upload.upload_status = "completed"
    session.commit()

    for row in upload.upload_rows:
        call = create_call_session(
            session,
            {
                "call_sid": f"EARLY-CALL-{row.line_number}",
                "customer_id": row.match_customer_id,
                "loan_id": row.match_loan_id,
                "to_number": row.matched_customer.phone_number,
                "triggered_by_batch": upload.id,
                "triggered_by_row": row.id,
                "status": CallStatus.INITIATED,
                "metadata": {"campaign": "march"},
            },
        )
        update_call_status(session, call.call_sid, CallStatus.RINGING)
    session.commit()

    first = get_call_session_by_sid(session, "EARLY-CALL-2")
    update_call_status(session, first.call_sid, "in_progress", message="said hello", extra_data={"lang": "ml-IN"})
    update_call_status(session, first.call_sid, CallStatus.COMPLETED)
    first.duration = "61"
    first.end_time = first.start_time + timedelta(seconds=61)
    first.language_detected = "ml-IN"
    first.conversation_transcript = [{"who": "bot", "said": "നമസ്കാരം"}]
    update_call_status(session, "EARLY-CALL-3", "no_answer", "nobody there")
    session.query(Customer).filter(Customer.name == "Suresh Nair").update({"state": "Goa"})
    update_customer_call_status_by_phone(session, "08130012302", "not_picked")
    customer = get_customer_by_phone(session, "8130012301")
    customer.phone_number = "81300 12399"
    session.commit()
    update_customer_call_status(session, str(customer.id), CallStatus.COMPLETED)
    session.rollback()
    print(json.dumps({"fingerprint": customer.fingerprint, "customer": str(customer.id), "upload": str(upload.id)}))
    db_manager.close_session(session)


def report():
    manager = DatabaseManager()
    session = manager.get_session()
    ours = session.query(Customer).filter(Customer.loan_id.like("EARLY-%")).order_by(Customer.name)
    upload = session.query(FileUpload).filter_by(file_path="/srv/uploads/march.csv", upload_status="completed").one()
    first = session.query(CallSession).filter(CallSession.language_detected == "ml-IN").one()
    old = get_customer_by_fingerprint(session, compute_fingerprint("+918130012301", "AAAZA1111Z"))
    loan = session.query(Loan).filter_by(loan_id="EARLY-1").one()
    seen = {
        "customers": [
            [c.name, c.phone_number, c.loan_id, c.amount, c.due_date, c.language_code, c.state, len(c.loans)]
            for c in ours
        ],
        "upload": [upload.total_records, upload.success_records, [row.loan_id_text for row in upload.upload_rows]],
        "first": [first.call_sid, first.duration, (first.end_time - first.start_time).seconds, first.status],
        "said": [[u.status, u.message, u.extra_data] for u in first.status_updates],
        "transcript": first.conversation_transcript[0]["said"],
        "campaign": first.call_metadata["campaign"],
        "triggered": [first.triggering_batch.filename, first.triggering_row.line_number],
        "busy": [
            c.call_sid
            for c in session.query(CallSession)
            .filter(CallSession.status == CallStatus.NOT_PICKED, CallSession.call_sid.like("EARLY%"))
            .order_by(CallSession.start_time.desc())
        ],
        "updates": session.query(CallStatusUpdate)
        .join(CallSession)
        .filter(CallSession.call_sid.like("EARLY%"))
        .count(),
        "old fingerprint": old.name,
        "by phone": get_customer_by_phone(session, "+91 81300 12399").name,
        "calls": [len(get_calls_by_customer(session, loan.customer_id)), len(get_calls_by_loan(session, str(loan.id)))],
        "counts": get_call_counts_for_loan(session, loan.id),
    }
    print(json.dumps(seen))
    manager.close_session(session)


{"collect": collect, "report": report}[sys.argv[1]]()
